//! Servers behind HAProxy.

use crate::core::plan::{HAPROXY_MOST_WEIGHT, HaproxyAddress, HaproxyServer, ServerState, Sessions, is_haproxy_name};
use crate::core::template::{Template, Values};

use super::Scope;
use crate::plan::fault::At;
use crate::plan::fields::{Field, Shape};
use crate::plan::names::Place;
use crate::plan::values::quote;

const HAPROXY: Shape =
    Shape { what: "a haproxy step", fields: &["socket", "backend", "server", "weight", "state", "sessions"] };

const STATES: [(&str, ServerState); 3] =
    [("ready", ServerState::Ready), ("drain", ServerState::Drain), ("maint", ServerState::Maint)];
const SESSIONS: [(&str, Sessions); 2] = [("end", Sessions::End), ("wait", Sessions::Wait)];

pub(super) fn haproxy(field: &Field<'_>, scope: &Scope<'_>) -> Option<HaproxyServer> {
    let fields = field.fields(HAPROXY)?;
    let address = fields.need("socket", "/run/haproxy.sock, or host:port").and_then(|f| address(&f, scope));
    let backend = fields.need("backend", "its name in HAProxy").and_then(|f| name(&f, scope));
    let server = fields.need("server", "its name in the backend").and_then(|f| name(&f, scope));
    let weight = fields.get("weight").map(|f| f.whole(0..=u64::from(HAPROXY_MOST_WEIGHT)));
    let weight = weight.map(|weight| weight.and_then(|n| u32::try_from(n).ok()));
    let state = fields.get("state").map(|f| f.choice(&STATES));
    let sessions = fields.get("sessions").map(|f| f.choice(&SESSIONS));
    if (&weight, &state, &sessions) == (&None, &None, &None) {
        let right = "one of weight, state, sessions".to_owned();
        fields.faults().error(fields.head(), "the step sets nothing", Some(right));
    }
    let set = HaproxyServer {
        address: address?,
        backend: backend?,
        server: server?,
        weight: weight.flatten(),
        state: state.flatten(),
        sessions: sessions.flatten(),
    };
    let sessions_at = fields.present(&["sessions"]).first().map(|(_, at)| *at);
    sessions_can_end(field, &set, sessions_at);
    Some(set)
}

fn address(field: &Field<'_>, scope: &Scope<'_>) -> Option<HaproxyAddress> {
    if field.raw()?.starts_with('/') {
        return field.path().map(HaproxyAddress::Socket);
    }
    field.host_and_port_template(&scope.names).map(HaproxyAddress::Port)
}

fn name(field: &Field<'_>, scope: &Scope<'_>) -> Option<Template> {
    let template = field.template(&scope.names, Place::Words)?;
    let filler: Values = template.names().map(|name| (name.to_owned(), "1".to_owned())).collect();
    if template.fill(&filler).is_ok_and(|filled| is_haproxy_name(&filled)) {
        return Some(template);
    }
    let right = "letters, digits, '-', '_', '.' and ':'".to_owned();
    field.wrong(format!("{} names nothing in HAProxy", quote(template.source())), Some(right))
}

/// Notes when new sessions would come while the step waits for the last to go.
fn sessions_can_end(field: &Field<'_>, set: &HaproxyServer, at: Option<At>) {
    let takes_new = match (set.state, set.weight) {
        (Some(ServerState::Ready), weight) => weight != Some(0),
        (None, weight) => weight.is_some_and(|weight| weight > 0),
        (Some(_), _) => false,
    };
    if let Some(at) = at.filter(|_| takes_new) {
        let what = "sessions would never end: the server is given new ones";
        field.faults.error(at, what, Some("state: drain, state: maint or weight: 0 beside it".to_owned()));
    }
}

/// What such a step without a name is called.
pub(super) fn title(set: &HaproxyServer) -> String {
    let weight = set.weight.map(|weight| format!("weight {weight}"));
    let state = set.state.map(|state| state.word().to_owned());
    let sessions = set.sessions.map(|_| "no sessions".to_owned());
    let so: Vec<String> = [weight, state, sessions].into_iter().flatten().collect();
    format!("{}/{}: {}", set.backend, set.server, so.join(", "))
}
