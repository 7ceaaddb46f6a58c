//! The shim: one small process for each command step, so that a command outlives the engine that asked for it.
//!
//! The engine writes what is to be run into a directory and starts `warroom shim DIR`; from then on the two speak through
//! files only, each of them whole or absent:
//!
//! | file | by | says |
//! |---|---|---|
//! | `spec.json` | engine | what is to be run; its presence means that the attempt was given out, once |
//! | `stdin` | engine | what the command reads, if anything; gone as soon as it runs |
//! | `pid.json` | shim | who runs: first the shim alone, then with the child as soon as it lives |
//! | `output` | command | both its streams, in the order in which they came |
//! | `exit.json` | shim | how it ended |
//! | `shim.log` | shim | what went wrong with the shim itself |
//!
//! What is given out and how it ended outlive a power cut. Who runs need not: in another boot it means nothing, and an attempt
//! that was given out in another boot and left no end is one of which nobody knows how far it came.
//!
//! The command appends to `output` itself, so that it can write on when its shim is dead. The shim looks at the file's
//! length from time to time and takes the middle out of what has become too long: the rest stays where it is, and a reader
//! goes on from the byte that it had reached. Only the output of a command with secrets goes through the shim, which masks
//! them; when that shim dies, the command's pipe breaks. A command that opens its output anew by name (`/dev/stdout`)
//! instead of using the descriptor that it has can shorten it, as it can any file that it is pointed at.
//!
//! An attempt has one shim, once. Only of a command that does no harm when it runs again (one that follows what runs elsewhere)
//! may the engine say, by another order in place of the first, that another shim is to come after one that is gone.
//!
//! `spawn` and `look` are the engine's side, `keeper` is the process. A command that leaves its session on purpose (a
//! daemon) is let go when the command itself ends well; it is hunted down only after a deadline or a stop. What a daemon
//! writes to an `output` that it did not close is not bounded any more.

mod cgroup;
mod ear;
mod environment;
mod files;
mod keeper;
mod look;
mod output;
mod pidfds;
mod proc;
mod read;
mod record;
mod rest;
mod spawn;
mod wait;

pub use environment::clean_environment;
pub(super) use keeper::find_program;
pub use keeper::run;
pub use look::{Found, Life, Stop, Void, group_alive, look, stop, void};
pub use read::{Chunk, read_output};
pub use record::{ChildIds, Ended, Exit, ExitRecord, GivenSecret, Kept, Pids, Reach, Spec};
pub use rest::{end_rest, kill_command};
pub use spawn::{SpawnError, Started, again, resume, spawn};
pub use wait::{WaitError, wait};
