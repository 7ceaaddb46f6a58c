//! Files of settings, put in place for real.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use warroom::core::observe::StepEnd;
use warroom::core::plan::{Action, ConfigFiles, Format, PutFile};
use warroom::core::run::Evidence;
use warroom::steps::config::{Standing, look, settle};

use crate::world::{World, eventually, template, why};

/// Old settings in one place, nothing in another, new ones for both.
struct Shop {
    world: World,
    at: PathBuf,
}

impl Shop {
    fn new(check: &[&str]) -> Shop {
        let mut world = World::of(Action::Wait { span: warroom::core::time::Span::ZERO });
        let at = world.home.path().join("etc");
        fs::create_dir(&at).unwrap();
        fs::write(at.join("app.json"), "{\"old\": true}").unwrap();
        fs::set_permissions(at.join("app.json"), fs::Permissions::from_mode(0o640)).unwrap();
        fs::write(at.join("new.json"), "{\"new\": true}").unwrap();
        fs::write(at.join("new.toml"), "new = true\n").unwrap();
        let put = |from: &str, to: &str, format| PutFile {
            from: at.join(from).display().to_string(),
            to: at.join(to).display().to_string(),
            format: Some(format),
            mode: None,
        };
        world.step.action = Action::Config(ConfigFiles {
            files: vec![put("new.json", "app.json", Format::Json), put("new.toml", "extra.toml", Format::Toml)],
            keep: None,
            check: check.iter().map(|word| template(&word.replace("ETC", &at.display().to_string()))).collect(),
        });
        Shop { world, at }
    }

    fn changed(mut self, change: impl FnOnce(&mut ConfigFiles, &Path)) -> Shop {
        let Action::Config(files) = &mut self.world.step.action else { panic!("no config step") };
        change(files, &self.at);
        self
    }

    fn is_new(&self) -> bool {
        self.read("app.json") == Some("{\"new\": true}".into())
            && self.read("extra.toml") == Some("new = true\n".into())
    }

    /// As it was, permissions included, and nothing left over.
    fn is_old(&self) -> bool {
        let app = fs::metadata(self.at.join("app.json")).unwrap();
        let own = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
        self.read("app.json") == Some("{\"old\": true}".into())
            && app.permissions().mode() & 0o7777 == 0o640
            && (app.uid(), app.gid()) == own
            && self.names() == ["app.json", "new.json", "new.toml"]
    }

    fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.at.join(name)).ok()
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(&self.at).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

#[tokio::test]
async fn files_are_put_in_place_with_the_owner_and_mode_of_those_before_them() {
    let shop = Shop::new(&["sh", "-c", "grep -q new ETC/app.json && test -e ETC/extra.toml"]);
    assert_eq!(shop.world.good().await.0, Evidence::FilesPut { files: 2 });
    assert!(shop.is_new());
    let mode = |name: &str| fs::metadata(shop.at.join(name)).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode("app.json"), mode("extra.toml")), (0o640, 0o644));
    assert_eq!(shop.names(), ["app.json", "extra.toml", "new.json", "new.toml"], "nothing is left over");
    assert_eq!(look(&shop.world.dir()).unwrap(), Standing::Done { files: 2 });
    // The same attempt once more finds out that it is done, and does nothing.
    fs::write(shop.at.join("app.json"), "{\"later\": true}").unwrap();
    assert_eq!(shop.world.good().await.0, Evidence::FilesPut { files: 2 });
    assert_eq!(shop.read("app.json").unwrap(), "{\"later\": true}");
}

#[tokio::test]
async fn safety_copies_are_kept_where_the_plan_says_with_what_was_there_and_what_was_not() {
    let shop =
        Shop::new(&[]).changed(|files, at| files.keep = Some(at.parent().unwrap().join("kept").display().to_string()));
    shop.world.good().await;
    let kept = shop.at.parent().unwrap().join("kept");
    let attempt = fs::read_dir(&kept).unwrap().next().unwrap().unwrap().path();
    assert_eq!(fs::read_to_string(attempt.join("0-app.json")).unwrap(), "{\"old\": true}");
    let manifest: serde_json::Value =
        serde_json::from_slice(&fs::read(attempt.join("manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest[0]["was"]["kept"]["mode"], 0o640);
    assert_eq!(manifest[1]["was"], "absent");
    assert_eq!(fs::metadata(&attempt).unwrap().permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn an_invalid_file_is_never_put_and_the_old_ones_stay() {
    let shop = Shop::new(&["true"]);
    fs::write(shop.at.join("new.toml"), "new = = hunter2\n").unwrap();
    let said = shop.world.wrong().await;
    assert!(said.contains("new.toml: it is no TOML: ") && said.ends_with("; the old files are back"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
    assert!(shop.is_old(), "{:?}", shop.names());
    assert!(matches!(look(&shop.world.dir()).unwrap(), Standing::Back { .. }));
}

#[tokio::test]
async fn a_check_that_fails_puts_the_old_files_back_and_says_what_it_said() {
    let shop = Shop::new(&["sh", "-c", "echo checking; echo 'line 3: unknown key' >&2; exit 4"]);
    let said = shop.world.wrong().await;
    assert_eq!(said, "the check sh ended with status 4: checking\nline 3: unknown key; the old files are back");
    assert!(shop.is_old(), "{:?}", shop.names());
    // Asked again, the same attempt says the same and touches nothing.
    fs::write(shop.at.join("app.json"), "{\"later\": true}").unwrap();
    assert_eq!(shop.world.wrong().await, said);
    assert_eq!(shop.read("app.json").unwrap(), "{\"later\": true}");
}

#[tokio::test]
async fn a_check_that_cannot_be_run_or_does_not_end_puts_the_old_files_back() {
    let shop = Shop::new(&["/nonexistent/check"]);
    let said = shop.world.wrong().await;
    assert!(said.starts_with("the check /nonexistent/check cannot be run: ") && said.ends_with("are back"), "{said}");
    assert!(shop.is_old());

    let mut shop = Shop::new(&["sh", "-c", "echo $$ >ETC/../pid; exec sleep 600"]);
    shop.world.step.timeout = Some(Duration::from_millis(500).into());
    let said = shop.world.wrong().await;
    assert_eq!(said, "the check sh was not over after 500ms, and was ended; the old files are back");
    assert!(shop.is_old());
    let pid = fs::read_to_string(shop.at.join("../pid")).unwrap();
    eventually("the check has ended", || async { (!Path::new("/proc").join(pid.trim()).exists()).then_some(()) }).await;
}

#[tokio::test]
async fn the_check_gets_its_arguments_as_they_are_and_a_clean_environment() {
    let mut shop = Shop::new(&[
        "sh",
        "-c",
        "printf '%s|%s|%s' \"$1\" \"$WARROOM_PARAM_SITE\" \"$CARGO\"; exit 1",
        "check",
        "${site}",
    ]);
    shop.world = shop.world.with(&[("site", "$(id); west")]);
    let said = shop.world.wrong().await;
    assert!(said.contains("status 1: $(id); west|$(id); west|; "), "{said}");
}

#[tokio::test]
async fn a_step_that_nobody_waits_for_puts_the_old_files_back() {
    let shop = Shop::new(&["sh", "-c", "touch ETC/../checking; exec sleep 600"]);
    let task = tokio::spawn(warroom::steps::perform(shop.world.job()));
    let checking = shop.at.join("../checking");
    eventually("the check runs", || async { checking.exists().then_some(()) }).await;
    assert!(shop.is_new());
    task.abort();
    eventually("the old files are back", || async {
        matches!(look(&shop.world.dir()).unwrap(), Standing::Back { .. }).then_some(())
    })
    .await;
    assert!(shop.is_old());
}

#[tokio::test]
async fn what_cannot_be_begun_touches_nothing() {
    type Change = fn(&mut ConfigFiles, &Path);
    let cases: [(&str, Change); 7] = [
        ("cannot be read: it is not there; no file was touched", |files, _| {
            files.files[1].from = "/nonexistent".into()
        }),
        ("cannot be read: it is a directory; no file was touched", |files, _| files.files[1].from = "/etc".into()),
        ("is no absolute path; no file was touched", |files, _| files.files[0].from = "new.json".into()),
        ("has no place: it is not there; no file was touched", |files, at| {
            files.files[1].to = at.join("none/x").display().to_string();
        }),
        ("it is a symbolic link; the plan must name the file itself; no file was touched", |files, at| {
            symlink(at.join("app.json"), at.join("../link")).unwrap();
            files.files[1].to = at.join("../link").display().to_string();
        }),
        ("it is a directory, and only files are replaced; no file was touched", |files, at| {
            files.files[1].to = at.display().to_string();
        }),
        ("stands twice among the files; no file was touched", |files, at| {
            files.files[1].to = at.join("../etc/app.json").display().to_string();
        }),
    ];
    for (sentence, change) in cases {
        let shop = Shop::new(&[]).changed(change);
        let said = shop.world.wrong().await;
        assert!(said.ends_with(sentence), "{said}");
        assert!(shop.is_old());
        assert_eq!(look(&shop.world.dir()).unwrap(), Standing::Untouched);
    }
}

#[tokio::test]
async fn what_somebody_else_changed_meanwhile_is_left_and_told() {
    let shop = Shop::new(&["sh", "-c", "echo mended by hand >ETC/app.json; exit 1"]);
    let said = shop.world.wrong().await;
    let app = shop.at.canonicalize().unwrap().join("app.json");
    let told = format!(
        "; NOT all old files are back: {} was changed by somebody else and is left; its safety copy is ",
        app.display()
    );
    assert!(said.contains(&told), "{said}");
    assert_eq!(shop.read("app.json").unwrap(), "mended by hand\n");
    assert_eq!(shop.read("extra.toml"), None);
    let copy = said.rsplit(' ').next().unwrap();
    assert_eq!(fs::read_to_string(copy).unwrap(), "{\"old\": true}");
    assert!(matches!(look(&shop.world.dir()).unwrap(), Standing::NotBack { .. }));
}

/// In a process of its own: performs the step and is killed in the middle of it.
#[tokio::test]
#[ignore = "the child of the test below"]
async fn performs_in_a_process_of_its_own() {
    let Ok(home) = std::env::var("CONFIG_TEST_HOME") else { return };
    let home = PathBuf::from(home);
    let mut world =
        World::of(Action::Config(serde_json::from_slice(&fs::read(home.join("step.json")).unwrap()).unwrap()));
    world.home = tempfile::Builder::new().disable_cleanup(true).tempdir_in(&home).unwrap();
    let mut job = world.job();
    job.dir = home.join("runs/1/it.1");
    warroom::steps::perform(job).await;
}

#[tokio::test]
async fn after_a_kill_in_the_middle_the_same_attempt_puts_the_old_files_back() {
    for performed_again in [true, false] {
        let shop = Shop::new(&["sh", "-c", "touch ETC/../checking; exec sleep 600"]);
        let Action::Config(files) = &shop.world.step.action else { panic!("no config step") };
        fs::write(shop.world.home.path().join("step.json"), serde_json::to_vec(files).unwrap()).unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "config::performs_in_a_process_of_its_own", "--ignored"])
            .env("CONFIG_TEST_HOME", shop.world.home.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let checking = shop.at.join("../checking");
        eventually("the check runs", || async { checking.exists().then_some(()) }).await;
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(shop.is_new());
        assert_eq!(look(&shop.world.dir()).unwrap(), Standing::Underway);

        let end = if performed_again { shop.world.perform().await } else { settle(&shop.world.dir()).await };
        assert_eq!(why(end), "it was interrupted; the old files are back");
        assert!(shop.is_old(), "{:?}", shop.names());
    }
}

#[tokio::test]
async fn an_attempt_that_touched_nothing_is_settled_as_stopped() {
    let shop = Shop::new(&[]);
    let end = settle(&shop.world.dir()).await;
    assert_eq!(end, StepEnd::Bad(warroom::core::run::Failure::Stopped));
    assert!(!shop.world.dir().exists());
}
