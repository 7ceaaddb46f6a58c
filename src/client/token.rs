//! A token that vouches for a person on an engine's socket: read from a file, never from an argument, which every account can see.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use hyper::header::HeaderValue;

/// The longest token, in bytes; one that the program makes has 46.
const LONGEST: u64 = 512;

/// What vouches for the caller. Nothing shows it.
#[derive(Clone)]
pub struct Token(HeaderValue);

/// Why a file gives no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenFileError {
    /// It cannot be read.
    #[error("the token in {} cannot be read: {why}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// Others may read it, or it is another account's.
    #[error("the token in {path} may be known to others; `chmod 600 {path}` as its owner", path = path.display())]
    Shared {
        /// The file.
        path: PathBuf,
    },
    /// What stands in it is no token.
    #[error("{} holds no token: it should be one line, as `warroom token create` prints it", path.display())]
    NoToken {
        /// The file.
        path: PathBuf,
    },
}

impl Token {
    /// Takes a text for a token; `None` when it is none.
    #[must_use]
    pub fn new(text: &str) -> Option<Token> {
        let printable = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        let mut value = HeaderValue::from_str(&format!("Bearer {text}")).ok().filter(|_| printable)?;
        value.set_sensitive(true);
        Some(Token(value))
    }

    /// Reads the one line of a file that nobody but the caller may read.
    ///
    /// # Errors
    /// [`TokenFileError`] says what is wrong with it.
    pub fn read(path: &Path) -> Result<Token, TokenFileError> {
        let unreadable = |why| TokenFileError::Unreadable { path: path.to_owned(), why };
        // Opened once, so that what is looked at is what is read.
        let file = File::open(path).map_err(unreadable)?;
        let about = file.metadata().map_err(unreadable)?;
        if !about.is_file() {
            return Err(TokenFileError::NoToken { path: path.to_owned() });
        }
        if about.mode() & 0o077 != 0 || about.uid() != rustix::process::geteuid().as_raw() {
            return Err(TokenFileError::Shared { path: path.to_owned() });
        }
        let mut text = String::new();
        file.take(LONGEST + 1).read_to_string(&mut text).map_err(unreadable)?;
        let whole = u64::try_from(text.len()).is_ok_and(|length| length <= LONGEST);
        Token::new(text.trim_end()).filter(|_| whole).ok_or_else(|| TokenFileError::NoToken { path: path.to_owned() })
    }

    /// As it goes into a request.
    pub(super) fn header(&self) -> &HeaderValue {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn file(text: &str, mode: u32) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        (dir, path)
    }

    #[test]
    fn a_token_is_read_from_a_file_of_ones_own_and_shown_nowhere() {
        for mode in [0o600, 0o400] {
            let (_dir, path) = file("wr_secret\n", mode);
            let token = Token::read(&path).unwrap();
            assert_eq!(token.header().to_str().unwrap(), "Bearer wr_secret");
            assert!(!format!("{token:?} {:?}", token.header()).contains("secret"));
        }
    }

    #[test]
    fn a_file_that_others_may_read_and_one_without_a_token_are_refused() {
        for mode in [0o640, 0o604, 0o620, 0o644] {
            let (_dir, path) = file("wr_secret\n", mode);
            let told = Token::read(&path).unwrap_err();
            assert!(matches!(told, TokenFileError::Shared { .. }), "{mode:o}");
            assert!(!told.to_string().contains("secret"), "{told}");
        }
        let long = "x".repeat(513);
        for text in ["", "\n", "two words", "two\nlines", long.as_str()] {
            let (_dir, path) = file(text, 0o600);
            assert!(matches!(Token::read(&path), Err(TokenFileError::NoToken { .. })), "{text:?}");
        }
        let (dir, path) = file("wr_secret", 0o600);
        assert!(matches!(Token::read(dir.path()), Err(TokenFileError::NoToken { .. })));
        assert!(matches!(Token::read(&path.with_extension("gone")), Err(TokenFileError::Unreadable { .. })));
    }
}
