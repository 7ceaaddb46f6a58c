//! Where a program runs: in the machine's network, or at a site with a network of its own.

use std::ffi::OsStr;
use std::process::Command;

/// A network, and the address by which it is reached.
#[derive(Clone)]
pub struct Place {
    pub host: &'static str,
    /// A process that keeps a network namespace.
    inside: Option<u32>,
}

impl Place {
    /// The machine's own loopback.
    pub fn here() -> Place {
        Place { host: "127.0.0.1", inside: None }
    }

    /// The network namespace of a process.
    pub fn inside(process: u32, host: &'static str) -> Place {
        Place { host, inside: Some(process) }
    }

    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let Some(process) = self.inside else { return Command::new(program) };
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/proc/{process}/ns/net")).arg("--").arg(program);
        command
    }

    /// The same command here, with its arguments and variables.
    pub fn of(&self, command: &Command) -> Command {
        let mut here = self.command(command.get_program());
        here.args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => here.env(name, value),
                None => here.env_remove(name),
            };
        }
        here
    }
}
