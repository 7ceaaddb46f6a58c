//! The chain: kept, checked, exported.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::tempdir;
use warroom::store::{Bodies, Broken, Fault, Hash, Head, Journal, Reader, VerifyError, verify};

use super::{body, draft, drafts, journal, tamper};

async fn broken(dir: &Path) -> Broken {
    match verify(dir).await {
        Err(VerifyError::Broken(broken)) => broken,
        other => panic!("not found broken: {other:?}"),
    }
}

#[tokio::test]
async fn the_chain_survives_reopening() {
    let dir = tempdir().unwrap();
    let mut first = Journal::open(dir.path()).await.unwrap();
    assert_eq!(first.head(), Head::GENESIS);
    let rows = first.append(drafts(1..=3)).await.unwrap();
    assert_eq!(rows[0].prev, Hash::GENESIS);
    assert_eq!(rows[2].prev, rows[1].hash);
    let head = first.head();
    first.close().await;

    let mut second = Journal::open(dir.path()).await.unwrap();
    assert_eq!(second.head(), head);
    let next = second.append(vec![draft(4)]).await.unwrap();
    assert_eq!((next[0].seq, next[0].prev), (4, head.hash));
    assert_eq!(second.rows(0, 3).await.unwrap(), rows);
    let verified = verify(dir.path()).await.unwrap();
    assert_eq!((verified.entries, verified.head), (4, second.head()));
}

#[tokio::test]
async fn batches_of_every_size_are_one_chain() {
    let dir = tempdir().unwrap();
    let mut journal = Journal::open(dir.path()).await.unwrap();
    let mut n = 0;
    for size in (0..=70).chain([128, 129, 1000]) {
        let rows = journal.append(drafts(n + 1..=n + size)).await.unwrap();
        assert_eq!(rows.len() as u64, size);
        n += size;
    }
    assert_eq!(journal.head().seq, n);
    assert_eq!(journal.verify().await.unwrap().entries, n);
}

#[tokio::test]
async fn text_comes_back_byte_for_byte() {
    let dir = tempdir().unwrap();
    let mut journal = Journal::open(dir.path()).await.unwrap();
    let mut odd = draft(1);
    odd.body = "{\"b\" : 1.50,\t\"a\":\"\u{0}\u{1b}[31m\u{202e}\\u0000\"}\n".to_owned();
    odd.stream = "'; DROP TABLE journal; --\u{0}%".to_owned();
    odd.principal = String::new();
    let rows = journal.append(vec![odd.clone()]).await.unwrap();
    assert_eq!(journal.rows(0, 9).await.unwrap(), rows);
    assert_eq!((&rows[0].body, &rows[0].stream), (&odd.body, &odd.stream));
    assert_eq!(journal.rows_before(9, 9, &[&odd.stream]).await.unwrap(), rows);
    assert_eq!(journal.verify().await.unwrap().entries, 1);
}

#[tokio::test]
async fn tampering_with_any_column_is_named_by_entry() {
    let contents = [
        "id = '0190abcd-0000-7000-8000-0000000000ff'",
        "at = at + 1",
        "boot_id = boot_id || ' '",
        "boot_ns = -boot_ns",
        "epoch = 2",
        "principal = 'uid:0'",
        "command_id = NULL",
        "stream = 'incident/9'",
        "kind = 'note.removed'",
        "body = replace(body, ':6,', ':7,')",
    ];
    let malformed = [("id", "upper(id)"), ("command_id", "'x'"), ("prev", "x'00'"), ("hash", "x''")];
    let cases = contents
        .iter()
        .map(|change| (String::from(*change), Fault::Contents))
        .chain(malformed.map(|(column, value)| (format!("{column} = {value}"), Fault::Malformed { column })))
        .chain([
            ("hash = randomblob(32)".to_owned(), Fault::Hash),
            ("prev = randomblob(32)".to_owned(), Fault::Prev),
            ("seq = 100".to_owned(), Fault::Missing { next: 7 }),
        ]);
    for (change, fault) in cases {
        let dir = tempdir().unwrap();
        journal(dir.path(), 10).await.close().await;
        tamper(dir.path(), &format!("UPDATE journal SET {change} WHERE seq = 6")).await;
        assert_eq!(broken(dir.path()).await, Broken { seq: 6, fault }, "{change}");
    }
}

#[tokio::test]
async fn an_entry_rewritten_with_its_own_hash_breaks_the_chain_after_it() {
    let dir = tempdir().unwrap();
    let rows = journal(dir.path(), 10).await.rows(0, 10).await.unwrap();
    let mut forged = rows[5].clone();
    forged.principal = "uid:0".to_owned();
    let change = format!("principal = 'uid:0', hash = x'{}'", forged.computed_hash());
    tamper(dir.path(), &format!("UPDATE journal SET {change} WHERE seq = 6")).await;
    assert_eq!(broken(dir.path()).await, Broken { seq: 7, fault: Fault::Chain });
}

#[tokio::test]
async fn removed_entries_are_named() {
    let dir = tempdir().unwrap();
    journal(dir.path(), 10).await.close().await;
    tamper(dir.path(), "DELETE FROM journal WHERE seq IN (4, 5)").await;
    assert_eq!(broken(dir.path()).await, Broken { seq: 4, fault: Fault::Missing { next: 6 } });
}

#[tokio::test]
async fn a_snapshot_shows_that_the_end_was_cut_off() {
    let dir = tempdir().unwrap();
    let mut journal = journal(dir.path(), 10).await;
    journal.save_snapshot(journal.head(), 1, b"state").await.unwrap();
    journal.close().await;
    tamper(dir.path(), "DELETE FROM journal WHERE seq > 7").await;
    assert_eq!(broken(dir.path()).await, Broken { seq: 8, fault: Fault::CutOff });
}

#[tokio::test]
async fn a_journal_is_verified_while_it_is_written() {
    let dir = tempdir().unwrap();
    let mut journal = journal(dir.path(), 2000).await;
    let path = dir.path().to_owned();
    let check = tokio::spawn(async move { verify(&path).await });
    let mut n = 2000;
    while !check.is_finished() {
        n += 1;
        journal.append(vec![draft(n)]).await.unwrap();
    }
    assert!(check.await.unwrap().unwrap().entries >= 2000);
    assert_eq!(verify(dir.path()).await.unwrap().entries, n);
}

fn python(export: &[u8]) -> Result<String, String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/verify_export.py");
    let mut child = Command::new("python3")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may stop reading at the first fault.
    let _ = child.stdin.take().unwrap().write_all(export);
    let output = child.wait_with_output().unwrap();
    match output.status.success() {
        true => Ok(String::from_utf8(output.stdout).unwrap()),
        false => Err(String::from_utf8(output.stderr).unwrap()),
    }
}

#[tokio::test]
async fn a_script_in_another_language_verifies_an_export() {
    let dir = tempdir().unwrap();
    let mut journal = journal(dir.path(), 600).await;
    let mut odd = draft(601);
    odd.stream = "a b%\n\u{0}é\u{202e}~:/@-._".to_owned();
    odd.kind = String::new();
    odd.body = "\"\u{0}\u{1b} \\ud83d\\ude00 😀\"".to_owned();
    journal.append(vec![odd]).await.unwrap();
    let reader = Reader::open(dir.path()).await.unwrap();
    let expected = format!("601 entries hold, head {}\n", journal.head().hash);

    let mut whole = Vec::new();
    assert_eq!(reader.export(&mut whole, |_| Bodies::Included).await.unwrap(), 601);
    assert_eq!(python(&whole), Ok(expected.clone()));

    let mut withheld = Vec::new();
    let every_third = |row: &warroom::store::Row| {
        if row.seq.is_multiple_of(3) { Bodies::Withheld } else { Bodies::Included }
    };
    reader.export(&mut withheld, every_third).await.unwrap();
    assert!(!String::from_utf8_lossy(&withheld).contains("\\\"n\\\":3,"));
    assert_eq!(python(&withheld), Ok(expected));
}

#[tokio::test]
async fn the_script_refuses_a_tampered_export() {
    let dir = tempdir().unwrap();
    let journal = journal(dir.path(), 9).await;
    let mut export = Vec::new();
    journal.export(&mut export, |_| Bodies::Included).await.unwrap();
    let export = String::from_utf8(export).unwrap();
    let fourth = export.lines().nth(3).unwrap();
    let entry: serde_json::Value = serde_json::from_str(fourth).unwrap();
    assert_eq!(entry["body"], body(4));

    for (field, value) in entry.as_object().unwrap() {
        let mut forged = entry.clone();
        forged[field] = match value {
            serde_json::Value::Number(number) => (number.as_i64().unwrap() + 1).into(),
            value => value.as_str().unwrap().replace(['0', 'i', 'n'], "7").into(),
        };
        assert_ne!(forged, entry, "{field}");
        let refusal = python(export.replace(fourth, &forged.to_string()).as_bytes()).unwrap_err();
        assert!(refusal.starts_with("entry 4: "), "{field}: {refusal}");
    }
    let gone = python(export.replace(&format!("{fourth}\n"), "").as_bytes()).unwrap_err();
    assert!(gone.starts_with("entry 4: it has the number 5"), "{gone}");
}
