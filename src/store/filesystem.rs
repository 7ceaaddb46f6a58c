//! Whether a directory is on this machine's own disk.
//!
//! SQLite's write-ahead log needs shared memory between its users and syncs that are kept; file systems of other machines
//! give neither.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::error::StoreError;

/// The kernel's magic numbers of file systems that are other machines' (statfs(2)).
const NETWORK: [(u32, &str); 14] = [
    (0x6969, "NFS"),
    (0x517B, "SMB"),
    (0xFE53_4D42, "SMB2"),
    (0xFF53_4D42, "CIFS"),
    (0x564C, "NCP"),
    (0x7375_7245, "Coda"),
    (0x5346_414F, "AFS"),
    (0x6B41_4653, "AFS"),
    (0x00C3_6400, "Ceph"),
    (0x0102_1997, "9P"),
    (0x0BD0_0BD0, "Lustre"),
    (0x4750_4653, "GPFS"),
    (0x1983_0326, "BeeGFS"),
    (0x6573_5546, FUSE),
];
const FUSE: &str = "FUSE";

/// What FUSE serves out of local disks and the hypervisor; any other is taken to be remote.
const LOCAL_FUSE: [&str; 6] =
    ["fuseblk", "virtiofs", "fuse.fuse-overlayfs", "fuse.gocryptfs", "fuse.encfs", "fuse.bindfs"];

/// Refuses a `dir` on a network file system.
pub(super) fn require_local(dir: &Path) -> Result<(), StoreError> {
    let io = |source| StoreError::Io { path: dir.to_owned(), source };
    let magic = rustix::fs::statfs(dir).map_err(|errno| io(errno.into()))?.f_type;
    // The kernel's field is a signed word on some machines; the magic numbers are 32 bits.
    let Some(mut kind) = network_kind(magic as u32).map(str::to_owned) else {
        return Ok(());
    };
    if kind == FUSE {
        let device = fs::metadata(dir).map_err(io)?.dev();
        let mounts = fs::read_to_string("/proc/self/mountinfo").map_err(io)?;
        match mounted_type(&mounts, device) {
            Some(name) if LOCAL_FUSE.contains(&name) => return Ok(()),
            Some(name) => kind = name.to_owned(),
            None => {}
        }
    }
    Err(StoreError::NetworkFileSystem { path: dir.to_owned(), kind })
}

fn network_kind(magic: u32) -> Option<&'static str> {
    NETWORK.iter().find(|(known, _)| *known == magic).map(|(_, name)| *name)
}

/// The type in the line of `/proc/self/mountinfo` that has `device`: the first word after the lone hyphen.
fn mounted_type(mountinfo: &str, device: u64) -> Option<&str> {
    let device = format!("{}:{}", rustix::fs::major(device), rustix::fs::minor(device));
    let line = mountinfo.lines().find(|line| line.split(' ').nth(2) == Some(&device))?;
    line.split(" - ").nth(1)?.split(' ').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n\
        40 22 0:45 / /mnt/remote rw,nosuid - fuse.sshfs mike@host: rw,user_id=0\n\
        41 22 0:46 / /mnt/merged rw - fuse.fuse-overlayfs fuse-overlayfs rw\n";

    #[test]
    fn network_file_systems_are_known_by_their_magic() {
        for magic in [0x6969, 0x517B, 0xFE53_4D42, 0xFF53_4D42, 0x6573_5546] {
            assert!(network_kind(magic).is_some(), "{magic:#x}");
        }
        for local in [0xEF53, 0x0102_1994, 0x9123_683E, 0x5846_5342, 0x794C_7630] {
            assert_eq!(network_kind(local), None, "{local:#x}");
        }
    }

    #[test]
    fn the_kind_of_a_fuse_mount_is_read_by_its_device() {
        assert_eq!(mounted_type(MOUNTS, rustix::fs::makedev(0, 45)), Some("fuse.sshfs"));
        assert_eq!(mounted_type(MOUNTS, rustix::fs::makedev(0, 46)), Some("fuse.fuse-overlayfs"));
        assert_eq!(mounted_type(MOUNTS, rustix::fs::makedev(0, 47)), None);
    }

    #[test]
    fn a_local_directory_is_accepted() {
        let dir = tempfile::tempdir().unwrap();
        require_local(dir.path()).unwrap();
    }
}
