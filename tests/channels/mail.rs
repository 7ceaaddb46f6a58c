//! E-mail, with a real mail server of Python's aiosmtpd on loopback.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use warroom::channels::{Earnest, Message};

use crate::{answer, message, never, not_now, secret, tries};

const SERVER: &str = include_str!("mail_server.py");

struct MailServer {
    port: u16,
    dir: tempfile::TempDir,
    child: Child,
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl MailServer {
    /// Nothing where aiosmtpd is not installed, which is then said.
    fn start() -> Option<MailServer> {
        let known = Command::new("python3").args(["-c", "import aiosmtpd"]).stderr(Stdio::null()).status();
        if !known.is_ok_and(|status| status.success()) {
            eprintln!("SKIPPED e-mail: python3-aiosmtpd is not installed");
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(dir.path().join("cert.pem"), certified.cert.pem()).unwrap();
        std::fs::write(dir.path().join("key.pem"), certified.signing_key.serialize_pem()).unwrap();
        let mut command = Command::new("python3");
        command.arg("-c").arg(SERVER).arg(dir.path()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Some(MailServer { port: line.trim().parse().unwrap(), dir, child })
    }

    fn settings(&self, to: &str) -> String {
        let password = secret(self.dir.path(), "password", "open sesame");
        format!(
            "kind = 'email'\nserver = 'localhost:{}'\nca = '{}'\nuser = 'warroom'\npassword = '{password}'\n\
             from = 'War room <warroom@example.com>'\nto = ['{to}']",
            self.port,
            self.dir.path().join("cert.pem").display()
        )
    }

    /// What it took, oldest first.
    fn taken(&self) -> Vec<String> {
        let mut paths: Vec<PathBuf> = std::fs::read_dir(self.dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension() == Some("eml".as_ref()))
            .collect();
        paths.sort();
        paths.iter().map(|path: &PathBuf| std::fs::read_to_string(path as &Path).unwrap()).collect()
    }
}

fn header<'a>(letter: &'a str, name: &str) -> &'a str {
    let line = letter.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    line.split_once(": ").map_or("", |(_, value)| value)
}

#[tokio::test]
async fn a_letter_goes_out_over_tls_by_name_and_password_as_text_and_html() {
    let Some(server) = MailServer::start() else { return };
    let odd = Message { text: "Orders <fail> & مرحبا 🚚".into(), earnest: Earnest::Drill, ..message() };
    let said = answer(tries(&server.settings("ops@example.com"), &odd).await);
    assert!(said.starts_with("250 "), "{said}");
    let letter = &server.taken()[0];
    assert_eq!(header(letter, "Subject"), "DRILL KESTREL critical: recovering");
    assert_eq!(header(letter, "From"), "\"War room\" <warroom@example.com>");
    assert_eq!(header(letter, "X-Peer-Was"), "warroom over TLS");
    assert_eq!(header(letter, "Auto-Submitted"), "auto-generated");
    assert!(letter.contains("multipart/alternative") && letter.contains("text/plain") && letter.contains("text/html"));
}

#[tokio::test]
async fn a_repeat_has_the_same_identifier_and_the_updates_of_an_incident_are_one_thread() {
    let Some(server) = MailServer::start() else { return };
    let second = Message { key: "DR-1/2/chat".into(), number: 2, ..message() };
    for message in [&message(), &message(), &second] {
        answer(tries(&server.settings("ops@example.com"), message).await);
    }
    let letters = server.taken();
    let ids: Vec<&str> = letters.iter().map(|letter| header(letter, "Message-ID")).collect();
    assert_eq!(ids[0], "<DR-1.1.chat.warroom@example.com>");
    assert!(ids[0] == ids[1] && ids[1] != ids[2]);
    assert!(letters.iter().all(|letter| header(letter, "References") == "<incident.DR-1.warroom@example.com>"));
}

#[tokio::test]
async fn who_is_unknown_is_unknown_for_good_and_who_is_busy_is_asked_again() {
    let Some(server) = MailServer::start() else { return };
    let unknown = never(tries(&server.settings("nobody@example.com"), &message()).await);
    assert!(unknown.starts_with("550 "), "{unknown}");
    let (busy, _) = not_now(tries(&server.settings("busy@example.com"), &message()).await);
    assert!(busy.starts_with("451 "), "{busy}");
    let wrong = server.settings("ops@example.com");
    std::fs::write(server.dir.path().join("password"), "wrong").unwrap();
    assert!(never(tries(&wrong, &message()).await).starts_with("535 "));
    assert!(server.taken().is_empty());
}

#[tokio::test]
async fn a_server_whose_certificate_nobody_vouches_for_gets_neither_words_nor_password() {
    let Some(server) = MailServer::start() else { return };
    let settings = server.settings("ops@example.com");
    let stranger: String =
        settings.lines().filter(|line| !line.starts_with("ca ")).map(|line| format!("{line}\n")).collect();
    let (why, _) = not_now(tries(&stranger, &message()).await);
    assert!(why.to_lowercase().contains("cert") || why.contains("issuer"), "{why}");
    assert!(server.taken().is_empty());
}
