//! The script that goes to the host. Every word from outside stands in single quotes or in a quoted here-document, where a
//! shell reads nothing into it.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::spec::{Key, RemoteSpec, Work};

const IDENTITY: &str = include_str!("identity.sh");
const RUNNER: &str = include_str!("runner.sh");
const BEGIN: &str = include_str!("begin.sh");
const FAR: &str = include_str!("far.sh");

/// What the host is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    /// Start the step unless it was started, and follow it.
    Start,
    /// Follow what was started.
    Attach,
    /// Say how it stands, and follow it.
    Look,
    /// End it, and follow it to that end.
    Stop,
    /// Only define what a later line calls.
    None,
}

impl Verb {
    fn word(self) -> &'static str {
        match self {
            Verb::Start => "start",
            Verb::Attach => "attach",
            Verb::Look => "look",
            Verb::Stop => "stop",
            Verb::None => "none",
        }
    }
}

/// How much of a step that is over is removed from the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tidy {
    /// Everything.
    All,
    /// Everything but the marks by which a start that comes late finds it done.
    ButMarks,
}

/// The line that does it, behind a script that defined the functions.
pub(super) fn tidy_line(tidy: Tidy) -> &'static str {
    match tidy {
        Tidy::All => "wr_tidy all\n",
        Tidy::ButMarks => "wr_tidy most\n",
    }
}

/// The script for a step that is to be started: `secrets` are the values of its secret variables.
pub(super) fn start(spec: &RemoteSpec, secrets: &BTreeMap<String, String>, from: u64) -> String {
    let (words, script) = match &spec.work {
        Work::Command { argv } => (argv.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" "), None),
        Work::Script { text } => ("sh \"$2/script\"".to_owned(), Some(text)),
    };
    let files = spec.secret_files.iter().map(|(name, path)| format!("wr_hold {name} {path}\n")).collect::<String>();
    let runner = format!("{IDENTITY}{RUNNER}{files}set -- \"$3\" {words}\n{BEGIN}");
    let mut text = format!("{IDENTITY}{FAR}wr_files() {{\n:\n");
    here_document(&mut text, "runner", &runner);
    if let Some(script) = script {
        here_document(&mut text, "script", script);
    }
    text.push_str("}\nwr_environment() {\n:\n");
    for (name, value) in spec.env.iter().chain(secrets) {
        // The runner itself needs the host's own PATH to the end.
        let name = if name == "PATH" { "wr_path" } else { name };
        let _ = writeln!(text, "export {name}={}", quote(value));
    }
    text.push_str("}\n");
    text.push_str(&main_line(Verb::Start, &spec.key, from, spec.grace.as_secs()));
    text
}

/// The script for a step that was started before. `grace` in seconds counts for [`Verb::Stop`] only.
pub(super) fn follow(verb: Verb, key: &Key, from: u64, grace: u64) -> String {
    format!("{IDENTITY}{FAR}{}", main_line(verb, key, from, grace))
}

fn main_line(verb: Verb, key: &Key, from: u64, grace: u64) -> String {
    format!("wr_main {} {} {from} {grace}\n", verb.word(), quote(key.as_str()))
}

/// Has `content` written as the step's file `name`. A here-document ends with a line's end, which is no matter to a shell.
fn here_document(text: &mut String, name: &str, content: &str) {
    let mut end = "WARROOM".to_owned();
    while content.lines().any(|line| line == end) {
        end.push('_');
    }
    let _ = writeln!(text, "cat >\"$wr_dir/{name}\" <<'{end}' || return\n{content}\n{end}");
}

/// The word as a shell takes it for one word and nothing more.
pub(crate) fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_here_document_ends_only_where_it_should() {
        let mut text = String::new();
        here_document(&mut text, "script", "WARROOM\nWARROOM_\n'x'");
        assert_eq!(text, "cat >\"$wr_dir/script\" <<'WARROOM__' || return\nWARROOM\nWARROOM_\n'x'\nWARROOM__\n");
    }

    #[test]
    fn quotes_hold_any_word() {
        assert_eq!(quote("it's $(x)\n"), "'it'\\''s $(x)\n'");
    }
}
