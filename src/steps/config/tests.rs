//! A crash between any two things that it does to the disk.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;
use crate::core::plan::Format;

/// Three places: one with a file whose content will be another, one with nothing, one with a file whose mode alone changes.
struct Place {
    home: TempDir,
    files: Vec<PutFile>,
}

impl Place {
    fn new() -> Place {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name).display().to_string();
        for (name, text, mode) in [
            ("a", "old", 0o640),
            ("c", "same", 0o600),
            ("new-a", "[]", 0o644),
            ("new-b", "[]", 0o644),
            ("new-c", "same", 0o644),
        ] {
            fs::write(home.path().join(name), text).unwrap();
            fs::set_permissions(home.path().join(name), fs::Permissions::from_mode(mode)).unwrap();
        }
        let put = |name: &str, format, mode| PutFile { from: at(&format!("new-{name}")), to: at(name), format, mode };
        let files = vec![
            put("a", Some(Format::Json), None),
            put("b", Some(Format::Json), Some(0o444)),
            put("c", None, Some(0o644)),
        ];
        Place { home, files }
    }

    fn dir(&self) -> PathBuf {
        let dir = self.home.path().join("attempt");
        crate::steps::durable::private_dir(&dir).unwrap();
        dir
    }

    fn save(&self) -> Record {
        save::save(&self.dir(), &self.files, &self.dir().join("kept"), &unbounded()).unwrap()
    }

    fn now(&self) -> Vec<(String, String, u32)> {
        let mut found: Vec<_> = fs::read_dir(self.home.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_file())
            .map(|path| {
                let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
                (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(&path).unwrap(), mode)
            })
            .collect();
        found.sort();
        found
    }
}

fn unbounded() -> Bounds {
    let limit = Span::from_secs(3_600);
    Bounds { stop: CancellationToken::new(), limit, deadline: Instant::now() + limit.to_std() }
}

fn interrupted() -> Option<StepEnd> {
    let why = "it was interrupted; the old files are back".into();
    Some(StepEnd::Bad(Failure::WrongAnswer { why }))
}

/// Everything that putting does, one thing after the other, and a stop after that many of them.
fn put_up_to(place: &Place, record: &Record, parts: usize) -> usize {
    let mut done = 0;
    let mut go_on = || {
        done += 1;
        done <= parts
    };
    for (entry, file) in record.files.iter().zip(&place.files) {
        if !go_on() {
            return parts;
        }
        place::stage(entry, file).unwrap();
    }
    for entry in &record.files {
        if !go_on() {
            return parts;
        }
        place::put(entry).unwrap();
    }
    done
}

#[test]
fn a_crash_after_any_part_of_putting_is_put_back_by_whoever_comes_next() {
    let mut parts = 0;
    loop {
        let place = Place::new();
        let before = place.now();
        let record = place.save();
        let done = put_up_to(&place, &record, parts);
        assert_eq!(look(&place.dir()).unwrap(), Standing::Underway);
        assert_eq!(settle_held(&place.dir()).unwrap(), interrupted(), "after {parts} parts");
        assert_eq!(place.now(), before, "after {parts} parts");
        // A second time there is nothing to do, and the answer is the same.
        assert_eq!(settle_held(&place.dir()).unwrap(), interrupted());
        if done < parts {
            break;
        }
        parts += 1;
    }
    assert_eq!(parts, 7, "three files, written and put");
}

#[test]
fn a_crash_while_the_old_files_go_back_is_finished_by_whoever_comes_next() {
    let place = Place::new();
    let before = place.now();
    let record = place.save();
    put_up_to(&place, &record, usize::MAX);
    // It had said why, and put one file back.
    let going = Record { stage: Stage::PuttingBack { why: "the check failed".into() }, ..record.clone() };
    going.write(&place.dir()).unwrap();
    let only_one = Record { files: record.files[..1].to_vec(), ..record };
    back::all(&place.home.path().join("attempt/kept"), only_one, String::new());
    let why = "the check failed; the old files are back".into();
    assert_eq!(settle_held(&place.dir()).unwrap(), Some(StepEnd::Bad(Failure::WrongAnswer { why })));
    assert_eq!(place.now(), before);
}

#[test]
fn a_crash_before_the_record_is_whole_has_touched_nothing_and_the_attempt_begins_anew() {
    let place = Place::new();
    let before = place.now();
    place.save();
    fs::remove_file(place.dir().join("config.json")).unwrap();
    assert_eq!(settle_held(&place.dir()).unwrap(), None);
    assert_eq!(place.now(), before);
    // What the first beginning left in the way of the second is overwritten.
    let record = place.save();
    put_up_to(&place, &record, usize::MAX);
    assert_eq!(fs::read_to_string(place.home.path().join("a")).unwrap(), "[]");
}

#[test]
fn a_safety_copy_that_is_damaged_is_not_put_in_place_and_that_is_told() {
    let place = Place::new();
    let record = place.save();
    put_up_to(&place, &record, usize::MAX);
    fs::write(place.dir().join("kept/0-a"), "damaged").unwrap();
    let Some(StepEnd::Bad(Failure::WrongAnswer { why })) = settle_held(&place.dir()).unwrap() else {
        panic!("not told")
    };
    assert!(
        why.contains("NOT all old files are back: ") && why.contains("its safety copy is not what was saved"),
        "{why}"
    );
    assert_eq!(fs::read_to_string(place.home.path().join("a")).unwrap(), "[]", "the new one stays");
    assert!(!place.home.path().join("b").exists(), "the others went back");
}

#[test]
fn a_file_that_changes_while_it_is_being_put_is_not_put() {
    let place = Place::new();
    let record = place.save();
    fs::write(&place.files[0].from, "[1]").unwrap();
    let why = place::all(&record, &place.files, &unbounded()).unwrap_err();
    assert!(why.ends_with("was changed while it was read"), "{why}");

    let place = Place::new();
    let record = place.save();
    fs::write(&place.files[0].to, "mended").unwrap();
    let why = place::all(&record, &place.files, &unbounded()).unwrap_err();
    assert!(why.ends_with("somebody else changed it in between"), "{why}");
    assert_eq!(fs::read_to_string(&place.files[0].to).unwrap(), "mended");
}

#[test]
fn a_record_that_cannot_be_read_is_not_taken_for_none() {
    let place = Place::new();
    fs::write(place.dir().join("config.json"), "{").unwrap();
    assert!(look(&place.dir()).is_err());
    assert!(settle_held(&place.dir()).is_err());
    assert_eq!(look(Path::new("/nonexistent")).unwrap(), Standing::Untouched);
}
