//! Commands and scripts under the shim.

use warroom::core::observe::StepEnd;
use warroom::core::plan::{Action, Capture};
use warroom::core::run::{Evidence, Failure};
use warroom::steps::shim::read_output;

use crate::world::{World, template};

fn command<const N: usize>(argv: [&str; N]) -> World {
    World::of(Action::Command { argv: argv.map(template).into() })
}

fn shell(script: &str) -> World {
    World::of(Action::Shell { script: script.to_owned() })
}

fn said(world: &World) -> String {
    String::from_utf8(read_output(&world.dir(), 0, 1 << 20).unwrap().bytes).unwrap()
}

#[tokio::test]
async fn a_script_sees_values_as_variables_and_nothing_is_pasted_into_it() {
    let nasty = "$(touch /tmp/pwned); `id` ' \" \\ \n${x}";
    let script = "printf '%s' \"$WARROOM_PARAM_WHERE\"\nprintf '|%s' '${where}' \"$WARROOM_STEP\"";
    let world = shell(script).with(&[("where", nasty)]);
    assert_eq!(world.good().await.0, Evidence::ExitedWell);
    assert_eq!(said(&world), format!("{nasty}|${{where}}|it"));
}

#[tokio::test]
async fn a_script_stops_at_the_first_failure_and_at_a_variable_that_is_not_set() {
    let failing = shell("echo one; false; echo two");
    assert_eq!(failing.perform().await, StepEnd::Bad(Failure::Exit { code: 1 }));
    assert_eq!(said(&failing), "one\n");
    let unset = shell("echo \"$WARROOM_PARAM_NOTHING\"; echo two");
    assert!(matches!(unset.perform().await, StepEnd::Bad(Failure::Exit { .. })));
    assert!(!said(&unset).contains("two"));
}

#[tokio::test]
async fn a_script_can_read_its_own_input_which_is_empty() {
    let world = shell("cat; echo after");
    world.good().await;
    assert_eq!(said(&world), "after\n");
}

#[tokio::test]
async fn a_script_is_readable_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = shell("exit 0");
    world.good().await;
    let mode = |path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(world.dir()), mode(world.dir().join("script.sh"))), (0o700, 0o600));
}

#[tokio::test]
async fn results_are_taken_from_the_output() {
    let world = command(["sh", "-c", "echo noise; echo '  16.2 '; echo"]);
    let world = world.capturing(&[("version", Capture::LastLine)]);
    assert_eq!(world.good().await.1["version"], "16.2");

    let world = shell("echo '{\"state\": {\"lag\": 3}, \"list\": [\"a\\u001b[2J\"]}'")
        .capturing(&[("lag", Capture::Json("/state/lag".into())), ("first", Capture::Json("/list/0".into()))]);
    let results = world.good().await.1;
    assert_eq!((results["lag"].as_str(), results["first"].as_str()), ("3", "a^[[2J"));
}

#[tokio::test]
async fn a_result_that_is_missing_is_a_failure_that_says_so() {
    let line = [("it", Capture::LastLine)];
    let lag = [("it", Capture::Json("/lag".into()))];
    for (script, captures, sentence) in [
        ("exit 0", &line, "no result it: the output has no line"),
        ("echo '{}'", &lag, "no result it: nothing stands at \"/lag\""),
        ("echo nothing", &lag, "no result it: it is no JSON: expected ident at line 1 column 2"),
        ("head -c 5000 /dev/zero | tr '\\0' x", &line, "no result it: it has 5000 bytes; at most 4096 are kept"),
        (
            "head -c 1048577 /dev/zero | tr '\\0' 1",
            &lag,
            "no result it: the output has 1048577 bytes; at most 1048576 are read as JSON",
        ),
    ] {
        assert_eq!(shell(script).capturing(captures).wrong().await, sentence, "{script}");
    }
    let header = shell("exit 0").capturing(&[("it", Capture::Header("etag".into()))]);
    assert_eq!(header.wrong().await, "no result it: steps of kind command have no header");
}

#[tokio::test]
async fn a_secret_reaches_a_program_by_its_environment_and_nothing_else_holds_it() {
    const SECRET: &str = "hunter2-and-more";
    let world = shell("printf 'got %s' \"$WARROOM_PARAM_PW\"").with_secret("pw", SECRET);
    let world = world.capturing(&[("said", Capture::LastLine)]);
    assert_eq!(world.good().await.1["said"], "got ***");
    for entry in std::fs::read_dir(world.dir()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes()));
    }
    // Arguments can be read by everybody on the host.
    let argument = command(["echo", "${pw}"]).with_secret("pw", SECRET);
    assert_eq!(argument.wrong().await, "${pw} has no value");
}

#[tokio::test]
async fn a_secret_that_cannot_be_had_stops_the_step_before_it_acts() {
    let mut world = command(["touch", "/tmp/never"]);
    world.secrets.insert("pw".into(), "file:/nonexistent/secret".parse().unwrap());
    let said = world.wrong().await;
    assert!(said.starts_with("the secret file:/nonexistent/secret cannot be had"), "{said}");
    assert!(!world.dir().join("spec.json").exists());
}

#[tokio::test]
async fn a_step_that_acts_is_not_tried_beforehand() {
    let world = command(["touch", "/tmp/never"]);
    assert_eq!(crate::world::why(world.look().await), "a step of kind command acts; it is not tried beforehand");
    assert!(!world.dir().exists());
}
