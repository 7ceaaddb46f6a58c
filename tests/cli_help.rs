//! The help of every verb is a snapshot: what people read and scripts rely on changes only on purpose.

#![allow(clippy::unwrap_used)]

use clap::Command;

/// The help of a verb and of all below it, hidden ones left out.
fn help(command: &mut Command, path: &str, out: &mut String) {
    out.push_str(&format!("=== {path}\n{}\n", command.render_help()));
    let below: Vec<String> =
        command.get_subcommands().filter(|c| !c.is_hide_set()).map(|c| c.get_name().to_owned()).collect();
    for name in below {
        if let Some(next) = command.find_subcommand_mut(&name) {
            help(next, &format!("{path} {name}"), out);
        }
    }
}

#[test]
fn the_help_of_every_verb() {
    let mut definition = warroom::cli::definition().disable_help_subcommand(true);
    definition.build();
    let mut text = String::new();
    help(&mut definition, "warroom", &mut text);
    insta::assert_snapshot!(text);
}

#[test]
fn every_verb_that_acts_shows_an_example() {
    fn check(command: &Command, path: &str) {
        let below: Vec<_> = command.get_subcommands().filter(|c| !c.is_hide_set()).collect();
        if below.is_empty() {
            let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(after.contains("warroom "), "{path} shows no example");
        }
        for next in below {
            check(next, &format!("{path} {}", next.get_name()));
        }
    }
    check(&warroom::cli::definition(), "warroom");
}
