//! The kinds of steps a run is made of, and how each of them acts on the world.

pub mod shim;
