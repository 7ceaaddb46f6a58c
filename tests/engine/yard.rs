//! Where the programs of a story leave their marks, and the plans that send them there.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::harness::eventually;

/// A directory that plans call `DIR`.
pub struct Yard(TempDir);

impl Yard {
    pub fn new() -> Yard {
        Yard(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn has(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    pub fn put(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// A file that only its owner can read.
    pub fn put_secret(&self, name: &str, text: &str) {
        self.put(name, text);
        std::fs::set_permissions(self.path(name), Permissions::from_mode(0o600)).unwrap();
    }

    /// What a file holds; nothing when it is not there.
    pub fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    pub fn lines(&self, name: &str) -> Vec<String> {
        self.text(name).lines().map(str::to_owned).collect()
    }

    pub async fn until_there(&self, name: &str) {
        eventually(&format!("{name} is there"), || async { self.has(name).then_some(()) }).await;
    }

    /// A plan `shop` with a procedure `mend` of these fields. How far they are indented as a whole does not matter.
    pub fn mend(&self, fields: &str) -> String {
        self.shop("", &format!("- procedure_id: mend\n  name: Mend it\n{}", indented(2, fields)))
    }

    /// A plan `shop` with these fields more, and these procedures. Nothing looks at it, so that nothing fails by itself.
    pub fn shop(&self, more: &str, procedures: &str) -> String {
        let components = if more.contains("components:") { "" } else { COMPONENTS };
        let (more, procedures) = (indented(0, more), indented(2, procedures));
        let dir = self.0.path().to_str().unwrap();
        format!("{HEAD}{components}{more}recovery_procedures:\n{procedures}").replace("DIR", dir)
    }
}

const HEAD: &str = "plan_id: shop\nplan_name: Shop\nenvironment: practice\npriority: critical\nrto: 30m\nrpo: 15m\nstable_for: 1s\n\
                    sites:\n  - {site_id: east, name: East, role: primary}\n  - {site_id: west, name: West, role: standby}\n";

const COMPONENTS: &str = "components:\n  - {component_id: front, name: Front door, type: load_balancer}\n";

/// The text with its own margin replaced by one of that many spaces.
fn indented(by: usize, text: &str) -> String {
    let lines = || text.lines().filter(|line| !line.trim().is_empty());
    let margin = lines().map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
    lines().map(|line| format!("{}{}\n", " ".repeat(by), &line[margin..])).collect()
}
