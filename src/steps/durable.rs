//! Small files that are whole or absent for every process, and through a power cut once they are on disk: those of every kind of
//! step, of the shim and of the follower of another host.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde::{Serialize, de::DeserializeOwned};

/// Makes `dir` and what is missing above it, mode 0700, with each new name on disk before returning.
pub(super) fn private_dir(dir: &Path) -> io::Result<()> {
    sync_dirs(&create_private_dir(dir)?)
}

/// Makes `dir` and what is missing above it, mode 0700. The directories that hold a new name come back, innermost first:
/// [`sync_dirs`] has those names on disk.
pub(super) fn create_private_dir(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut grown = Vec::new();
    let mut missing: Vec<&Path> = dir.ancestors().take_while(|dir| !dir.is_dir()).collect();
    while let Some(next) = missing.pop() {
        match DirBuilder::new().mode(0o700).create(next) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => grown.extend(next.parent().map(Path::to_path_buf)),
        }
    }
    grown.reverse();
    Ok(grown)
}

/// Has the names in these directories on disk.
pub(super) fn sync_dirs(dirs: &[PathBuf]) -> io::Result<()> {
    dirs.iter().try_for_each(|dir| sync_dir(dir))
}

/// Has the names in a directory on disk.
pub(super) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Writes a file, mode 0600, in place of what was there, and has it on disk.
pub(super) fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let dir = path.parent().ok_or(io::ErrorKind::NotFound)?;
    let beside = Beside::write(path, content)?;
    beside.file.sync_data()?;
    fs::rename(&beside.path, path)?;
    sync_dir(dir)
}

/// Writes `value` as `dir/name`, in place of what was there, and has it on disk.
pub(super) fn write_json(dir: &Path, name: &str, value: &impl Serialize) -> io::Result<()> {
    write(&dir.join(name), &serde_json::to_vec(value)?)
}

/// Writes `value` as `dir/name` and has it on disk; `AlreadyExists` if there is one.
pub(super) fn create(dir: &Path, name: &str, value: &impl Serialize) -> io::Result<()> {
    let path = dir.join(name);
    let beside = Beside::write(&path, &serde_json::to_vec(value)?)?;
    beside.file.sync_data()?;
    renameat_with(CWD, &beside.path, CWD, &path, RenameFlags::NOREPLACE)?;
    sync_dir(dir)
}

/// Writes `value` as `dir/name`, in place of what was there. It is whole or absent for every process, but has yet to be
/// [`sync`]ed to be so after a power cut.
pub(super) fn replace(dir: &Path, name: &str, value: &impl Serialize) -> io::Result<()> {
    put(&dir.join(name), &serde_json::to_vec(value)?)
}

/// Writes `text` as `dir/name`, as [`replace`] does.
pub(super) fn replace_text(dir: &Path, name: &str, text: &str) -> io::Result<()> {
    put(&dir.join(name), text.as_bytes())
}

fn put(path: &Path, content: &[u8]) -> io::Result<()> {
    fs::rename(Beside::write(path, content)?.path, path)
}

/// The next content of a file, under another name in the same directory. The same name each time, so that nothing piles up.
struct Beside {
    file: File,
    path: PathBuf,
}

impl Beside {
    fn write(of: &Path, content: &[u8]) -> io::Result<Beside> {
        let name = of.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let path = of.with_file_name(format!(".{}.new", name.to_string_lossy()));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        file.write_all(content)?;
        Ok(Beside { file, path })
    }
}

/// Has `dir/name` on disk.
pub(super) fn sync(dir: &Path, name: &str) -> io::Result<()> {
    File::open(dir.join(name))?.sync_data()?;
    sync_dir(dir)
}

/// Removes `dir/name` if it is there.
pub(super) fn remove(dir: &Path, name: &str) -> io::Result<()> {
    match fs::remove_file(dir.join(name)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Reads `dir/name`, or `None` if there is no such file.
pub(super) fn read<T: DeserializeOwned>(dir: &Path, name: &str) -> io::Result<Option<T>> {
    match fs::read(dir.join(name)) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_directory_is_private_and_the_names_that_are_new_come_back() {
        let home = tempfile::tempdir().unwrap();
        let (above, dir) = (home.path().join("a"), home.path().join("a/b"));
        assert_eq!(create_private_dir(&dir).unwrap(), [above.clone(), home.path().to_path_buf()]);
        assert_eq!((mode(&above), mode(&dir)), (0o700, 0o700));
        assert!(create_private_dir(&dir).unwrap().is_empty());
        private_dir(&dir).unwrap();
        assert!(private_dir(Path::new("")).is_err());
    }

    #[test]
    fn a_file_is_made_once_or_replaced_and_nothing_stays_beside_it() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path();
        assert_eq!(read::<u32>(dir, "n").unwrap(), None);
        create(dir, "n", &1).unwrap();
        assert_eq!(create(dir, "n", &2).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(read(dir, "n").unwrap(), Some(1));
        for (value, write) in [(3, replace as fn(&Path, &str, &u32) -> _), (4, write_json)] {
            write(dir, "n", &value).unwrap();
            assert_eq!(read(dir, "n").unwrap(), Some(value));
        }
        sync(dir, "n").unwrap();
        assert_eq!(mode(&dir.join("n")), 0o600);
        assert_eq!(fs::read_dir(dir).unwrap().count(), 1);
        for _ in 0..2 {
            remove(dir, "n").unwrap();
        }
        assert!(!dir.join("n").exists());
    }
}
