//! Whatever text comes from outside, what is made of it for terminals is harmless.

#[path = "hostile_text/cleaning.rs"]
mod cleaning;
