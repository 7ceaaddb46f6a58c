//! What a health step looks at.

use super::super::ids::{ComponentId, SiteId};
use super::super::plan::{Probe, Subject};
use super::super::state::Loaded;
use super::super::template::{Template, Values};

/// The probes that a health step goes by, in file order.
///
/// # Errors
/// A sentence: the subject has no value, or the plan does not have it.
pub fn probes_of<'a>(subject: &Subject, values: &Values, loaded: &'a Loaded) -> Result<Vec<&'a Probe>, String> {
    let fill = |template: &Template| template.fill(values).map_err(|e| e.to_string());
    match subject {
        Subject::Site(template) => {
            let text = fill(template)?;
            let site = SiteId::new(&text).map_err(|e| format!("{text:?} is no site: {e}"))?;
            loaded.plan.site(&site).ok_or_else(|| format!("the plan has no site {site}"))?;
            let probes = loaded.parts_at(Some(&site)).flat_map(|component| &component.probes);
            Ok(probes.filter(|probe| probe.site.as_ref() == Some(&site)).collect())
        }
        Subject::Component(template) => {
            let text = fill(template)?;
            let id = ComponentId::new(&text).map_err(|e| format!("{text:?} is no component: {e}"))?;
            let component = loaded.component(&id).ok_or_else(|| format!("the plan has no component {id}"))?;
            Ok(component.probes.iter().collect())
        }
    }
}
