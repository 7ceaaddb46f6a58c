//! Whatever text comes from outside, what is made of it is harmless: cleaned for terminals, and filled into the templates of a
//! plan.

#[path = "hostile_text/cleaning.rs"]
mod cleaning;
#[path = "hostile_text/templates.rs"]
mod templates;
