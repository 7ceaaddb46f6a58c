//! Names of hosts.

/// The name of a host, as ssh takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host(String);

impl Host {
    /// Takes a text as a host.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(text: &str) -> Result<Host, String> {
        if text.starts_with('-') {
            Err("a host's name does not begin with '-'".into())
        } else {
            Ok(Host(text.to_owned()))
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
