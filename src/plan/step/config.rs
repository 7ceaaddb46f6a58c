//! Files of settings that are put in place.

use std::collections::BTreeSet;

use crate::core::plan::{ConfigFiles, PutFile};

use super::Scope;
use super::look::FORMATS;
use super::program::argv;
use crate::plan::fields::{Field, Shape};

const CONFIG: Shape = Shape { what: "a config step", fields: &["files", "keep", "check"] };
const PUT: Shape = Shape { what: "a file that is put", fields: &["from", "to", "format", "mode"] };

pub(super) fn config(field: &Field<'_>, scope: &Scope<'_>) -> Option<ConfigFiles> {
    let fields = field.fields(CONFIG)?;
    let files = fields.need("files", "[{from: /srv/saved/app.yml, to: /etc/app.yml}]");
    let mut targets = BTreeSet::new();
    let mut whole = files.is_some();
    let mut put_files = Vec::new();
    for item in files.map(|f| f.some_items("file")).unwrap_or_default() {
        match put(&item, &mut targets) {
            Some(file) => put_files.push(file),
            None => whole = false,
        }
    }
    let keep = fields.get("keep").map(|f| f.path());
    let check = fields.get("check").map_or(Some(Vec::new()), |f| argv(&f, scope));
    whole.then_some(ConfigFiles { files: put_files, keep: keep.flatten(), check: check? })
}

fn put(field: &Field<'_>, targets: &mut BTreeSet<String>) -> Option<PutFile> {
    let fields = field.fields(PUT)?;
    let from = fields.need("from", "the absolute path that it is taken from").and_then(|f| f.path());
    let to_field = fields.need("to", "the absolute path that it is put at");
    let to = to_field.as_ref().and_then(|f| f.path());
    let format = fields.get("format").map(|f| f.choice(&FORMATS));
    let mode = fields.get("mode").map(|f| f.mode());
    let (from, to, to_field) = (from?, to?, to_field?);
    if from == to {
        return to_field.wrong("it is the path that it is taken from", Some("another path".to_owned()));
    }
    if !targets.insert(to.clone()) {
        return to_field.wrong("another file of the list is put there", Some("another path".to_owned()));
    }
    Some(PutFile { from, to, format: format.flatten(), mode: mode.flatten() })
}
