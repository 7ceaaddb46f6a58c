//! The command line: one file a verb. Each finds its engine, asks it, prints what came, and tells by its exit status how it
//! went: 0 done, 1 refused or failed, 2 wrong usage.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand};

mod agenda;
mod args;
mod assess;
mod audit;
mod automation;
mod channel;
mod clocks;
mod console;
mod demo;
mod engine;
mod failure;
mod fds;
mod feed;
mod find;
mod glass;
mod health;
mod heartbeat;
mod if_lost;
mod improvise;
mod incident;
mod note;
mod out;
mod plan;
mod range;
mod risk;
mod role;
mod run;
mod session;
mod status;
mod timeline;
mod token;
mod update;

use failure::Failure;
use out::{Format, Out};

/// What a verb comes to.
type Outcome = Result<(), Failure>;

const EXAMPLES: &str = "\
Examples:
  warroom demo                         a practice range with an outage to recover
  warroom plan load shop.yml           load a plan of your own
  warroom                              open the war room on it

Exit status: 0 done, 1 refused or failed, 2 wrong usage.";

/// The war room: meets an outage, recovers it, tells it, from one terminal.
#[derive(Debug, Parser)]
#[command(name = "warroom", version, after_help = EXAMPLES, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    verb: Option<Verb>,
}

/// What every verb takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "With every verb")]
struct Globals {
    /// The state directory of an engine of your own [env: WARROOM_STATE]
    #[arg(long, global = true, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Another engine, as http://127.0.0.1:PORT
    #[arg(long, global = true, value_name = "URL")]
    engine: Option<String>,
    /// A file of mode 0600 whose token says who you are, where that is not your account [env: WARROOM_TOKEN_FILE]
    #[arg(long, global = true, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
    /// The console's colours: dark, mono, or a file
    #[arg(long, global = true, value_name = "THEME", hide = true)]
    theme: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Demo(demo::Demo),
    #[command(subcommand)]
    Engine(engine::Engine),
    #[command(subcommand)]
    Plan(plan::Plan),
    Status(status::Status),
    #[command(subcommand)]
    Incident(incident::Incident),
    #[command(subcommand)]
    Glass(glass::Glass),
    Note(note::Note),
    #[command(subcommand)]
    Run(run::Run),
    #[command(name = "do")]
    Improvise(improvise::Improvise),
    #[command(subcommand)]
    Role(role::Role),
    #[command(subcommand)]
    Task(agenda::Task),
    #[command(subcommand)]
    Decision(agenda::Decision),
    #[command(subcommand)]
    Update(update::Update),
    #[command(subcommand)]
    Channel(channel::Channel),
    #[command(subcommand)]
    Health(health::Health),
    #[command(subcommand)]
    Automation(automation::Automation),
    Heartbeat(heartbeat::Heartbeat),
    Timeline(timeline::Timeline),
    #[command(subcommand)]
    Token(token::Token),
    #[command(subcommand)]
    Audit(audit::Audit),
    #[command(hide = true)]
    Range(range::Range),
    #[command(hide = true)]
    RangeWatch(range::RangeWatch),
}

/// Runs the verb that the arguments name, the program's own name first.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(told) => {
            // Help goes to standard output with status 0, wrong usage to standard error with 2; a closed pipe is no matter.
            let _ = told.print();
            return ExitCode::from(u8::try_from(told.exit_code()).unwrap_or(2));
        }
    };
    let format = if cli.globals.json { Format::Json } else { Format::Text };
    let mut out = Out::new(format);
    let outcome = dispatch(cli, &mut out).and_then(|()| out.flush());
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // What was printed before it failed is shown before why it failed.
            let _ = out.flush();
            failure.tell(format)
        }
    }
}

/// The whole command line as it is defined, for help, completions and tests.
#[must_use]
pub fn definition() -> clap::Command {
    Cli::command()
}

fn dispatch(cli: Cli, out: &mut Out) -> Outcome {
    let globals = &cli.globals;
    match cli.verb {
        None => console::run(globals),
        Some(Verb::Demo(verb)) => verb.run(globals, out),
        Some(Verb::Engine(verb)) => verb.run(globals, out),
        Some(Verb::Plan(verb)) => verb.run(globals, out),
        Some(Verb::Status(verb)) => talk(verb.run(globals, out)),
        Some(Verb::Incident(verb)) => talk(verb.run(globals, out)),
        Some(Verb::Glass(verb)) => talk(verb.run(globals, out)),
        Some(Verb::Note(verb)) => talk(verb.run(globals, out)),
        Some(Verb::Run(verb)) => talk(verb.run(globals, out)),
        Some(Verb::Improvise(verb)) => talk(verb.run(globals, out)),
        Some(Verb::Role(verb)) => talk(verb.run(globals, out)),
        Some(Verb::Task(verb)) => talk(verb.run(globals, out)),
        Some(Verb::Decision(verb)) => talk(verb.run(globals, out)),
        Some(Verb::Update(verb)) => talk(verb.run(globals, out)),
        Some(Verb::Channel(verb)) => talk(verb.run(globals, out)),
        Some(Verb::Health(verb)) => talk(verb.run(globals, out)),
        Some(Verb::Automation(verb)) => talk(verb.run(globals, out)),
        Some(Verb::Heartbeat(verb)) => talk(verb.run(globals)),
        Some(Verb::Timeline(verb)) => talk(verb.run(globals, out)),
        Some(Verb::Token(verb)) => verb.run(out),
        Some(Verb::Audit(verb)) => talk(verb.run(globals, out)),
        Some(Verb::Range(verb)) => verb.run(),
        Some(Verb::RangeWatch(verb)) => verb.run(),
    }
}

/// Runs a verb that talks with an engine: one thread is plenty.
fn talk(verb: impl Future<Output = Outcome>) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|e| Failure::failed(format!("cannot start: {e}")))?.block_on(verb)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_of_the_command_line_holds_together() {
        definition().debug_assert();
    }
}
