//! The shim: one small process for each command step, so that a command outlives the engine that asked for it.
//!
//! The engine writes what is to be run into a directory and starts `warroom shim DIR`; from then on the two speak through
//! files only, each of them whole or absent:
//!
//! | file | by | says |
//! |---|---|---|
//! | `spec.json` | engine | what is to be run; its presence means that the attempt was given out, once |
//! | `pid.json` | shim | who runs: first the shim alone, then with the child as soon as it lives |
//! | `output` | shim | both streams of the command, in the order in which they came |
//! | `exit.json` | shim | how it ended |
//! | `shim.log` | shim | what went wrong with the shim itself |
//!
//! `spawn` and `look` are the engine's side, `keeper` is the process. A command that leaves its session on purpose (a
//! daemon) is let go when the command itself ends well; it is hunted down only after a deadline or a stop, and only if no
//! living process stands between it and the shim.

mod ear;
mod environment;
mod files;
mod keeper;
mod look;
mod output;
mod proc;
mod record;
mod spawn;
mod wait;

pub use environment::clean_environment;
pub use keeper::run;
pub use look::{Found, Life, Stop, Void, group_alive, look, read_output, stop, void};
pub use record::{ChildIds, Ended, Exit, ExitRecord, Kept, Pids, Spec};
pub use spawn::{SpawnError, Started, spawn};
pub use wait::{WaitError, wait};
