//! What happened, as a row of the timeline says it: without time and who, which stand beside it.

use crate::core::comms::Attempt;
use crate::core::event::{Event, Opening, Voided};
use crate::core::health::Change;
use crate::core::ids::{IncidentId, PlanId, ProbeId, RunId, SiteId, StepId};
use crate::core::people::Mode;
use crate::core::run::Failure;
use crate::core::state::{Entry, State};
use crate::core::time::{Moment, Span};

use super::words::short_hash;
use super::{all_of, attempt, clean_line as line, cut, evidence, failure, role, run_result, verdict};

/// Most characters of [`event`].
pub const EVENT_LIMIT: usize = 100;

/// What happened, in at most [`EVENT_LIMIT`] characters, cleaned.
#[must_use]
pub fn event(state: &State, entry: &Entry) -> String {
    cut(&event_in_full(state, entry), EVENT_LIMIT).into_owned()
}

/// What happened, whatever its length, cleaned.
#[must_use]
pub fn event_in_full(state: &State, entry: &Entry) -> String {
    // One arm for each, so that a new event does not compile without its sentence.
    match &entry.event {
        Event::EngineStarted { version, mode, .. } => format!("engine {} started, {}", line(version), mode_word(*mode)),
        Event::EngineStopped => "engine stopped in order".into(),
        Event::PlanLoaded { plan, name, hash, .. } => {
            format!("plan {plan} loaded: {}, text {}", line(name), line(short_hash(&hash.0)))
        }
        Event::ProbeChanged { plan, probe, change } => probe_changed(state, plan, probe, change),
        Event::HealthPaused { of, length, reason, .. } => {
            because(&format!("{} is looked at and not counted for {length}", line(&of.to_string())), "PAUSED", reason)
        }
        Event::HealthResumed { of, .. } => format!("{} counts again", line(&of.to_string())),
        Event::EngineCutOff { why } => because("the engine", "is CUT OFF: nothing that it sees counts", why),
        Event::EngineConnected => "the engine reaches the world again, and looks at everything anew".into(),
        Event::SiteActivated { plan, site } => format!("{} serves now", site_name(state, plan, site)),
        Event::IncidentProposed(opening) => opened(state, opening, "proposed"),
        Event::IncidentDeclared(opening) => opened(state, opening, "declared"),
        Event::IncidentDismissed { incident, reason } => because(&called(state, incident), "dismissed", reason),
        Event::IncidentRecovering { incident } => format!("{}: recovery goes on", called(state, incident)),
        Event::IncidentVerifying { incident, since } => {
            format!("{}: good since {}; it has to hold", called(state, incident), since.utc)
        }
        Event::IncidentRelapsed { incident } => {
            format!("{}: trouble came back; the clocks run on", called(state, incident))
        }
        Event::IncidentRecovered { incident, stopped } => {
            format!("{} recovered; the clocks stopped at {}", called(state, incident), stopped.utc)
        }
        Event::IncidentClosed { incident, reason } => with_words(&called(state, incident), "closed", reason),
        Event::IncidentCancelled { incident, reason } => because(&called(state, incident), "cancelled", reason),
        Event::IncidentReopened { incident, reason } => because(&called(state, incident), "reopened", reason),
        Event::RoleAssigned { incident, role: what, to } => {
            format!("{}: {} is {}", called(state, incident), line(&state.name(to)), role(what))
        }
        Event::NoteAdded { text, .. } => line(text).into_owned(),
        Event::UpdateSent { number, text, channels, .. } => {
            let channels: Vec<_> = channels.iter().map(ToString::to_string).collect();
            format!("update {number} to {}: {}", all_of(&channels), line(text))
        }
        Event::DeliveryTried { number, channel, attempt: tried, .. } => {
            let sign = if matches!(tried, Attempt::Never { .. }) { "FAILED, " } else { "" };
            format!("update {number}: {sign}{channel} {}", attempt(tried))
        }
        Event::RunStarted { run, name, .. } => format!("{run} started: {}", line(name)),
        Event::StepStarted { run, step, attempt } => step_started(state, *run, step, *attempt),
        Event::StepSucceeded { run, step, evidence: seen, .. } => {
            format!("{} done, seen: {}", step_name(state, *run, step), evidence(seen))
        }
        Event::StepFailed { run, step, why, again, .. } => step_failed(&step_name(state, *run, step), why, *again),
        Event::StepLost { run, step, what, .. } => because(&step_name(state, *run, step), "UNKNOWN", what),
        Event::StepSaidDone { run, step, note } => with_words(&step_name(state, *run, step), "said to be done", note),
        Event::StepRetried { run, step, values } => {
            let other: Vec<_> = values.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let with = if other.is_empty() { String::new() } else { format!(" with {}", line(&all_of(&other))) };
            format!("{} is tried again{with}", step_name(state, *run, step))
        }
        Event::StepRegained { run, step, .. } => {
            format!("{} is in sight again, and still runs", step_name(state, *run, step))
        }
        Event::StepNotNeeded { run, step, why } => because(&step_name(state, *run, step), "not needed", why),
        Event::StepSkipped { run, step, reason } => because(&step_name(state, *run, step), "skipped", reason),
        Event::GateConfirmed { run, step, max_loss, expires, .. } => {
            confirmed(&step_name(state, *run, step), *max_loss, *expires)
        }
        Event::ConfirmationVoided { run, step, by, why } => {
            voided(&step_name(state, *run, step), &line(&state.name(by)), why)
        }
        Event::GateOpened { run, step, by } => {
            let names: Vec<_> = by.iter().map(|who| state.name(who)).collect();
            format!("{} opened by {}", step_name(state, *run, step), all_of(&names))
        }
        Event::GateDeclined { run, step, reason } => because(&step_name(state, *run, step), "declined", reason),
        Event::RunHeld { run, reason } => with_words(&run.to_string(), "held", reason),
        Event::RunOverdue { run, limit } => {
            format!("{run} is OVERDUE: the engine has been at it for {limit}; it is held")
        }
        Event::RunTurnedBack { run, why } => because(&run.to_string(), "turns back", why),
        Event::RunResumed { run } => format!("{run} resumed"),
        Event::RunEnded { run, result } => format!("{run} is over: {}", run_result(state, result)),
    }
}

fn mode_word(mode: Mode) -> &'static str {
    match mode {
        Mode::Personal => "for one person",
        Mode::Shared => "for everybody in its settings",
    }
}

fn because(what: &str, became: &str, reason: &str) -> String {
    format!("{what} {became}: {}", line(reason))
}

fn with_words(what: &str, became: &str, words: &Option<String>) -> String {
    match words {
        Some(words) => because(what, became, words),
        None => format!("{what} {became}"),
    }
}

fn called(state: &State, incident: &IncidentId) -> String {
    state.incidents.get(incident).map_or_else(|| incident.to_string(), |i| i.call_sign.to_string())
}

fn site_name(state: &State, plan: &PlanId, site: &SiteId) -> String {
    let known = state.plans.get(plan).and_then(|loaded| loaded.plan.site(site));
    known.map_or_else(|| site.to_string(), |known| line(&known.name).into_owned())
}

/// `Orders database at East`; a probe that its plan no longer has goes by its identifier.
fn probe_name(state: &State, plan: &PlanId, probe: &ProbeId) -> String {
    let known = state.plans.get(plan).and_then(|loaded| loaded.plan.probes().find(|(_, p)| p.id == *probe));
    match known {
        Some((component, found)) => {
            let at =
                found.site.as_ref().map(|site| format!(" at {}", site_name(state, plan, site))).unwrap_or_default();
            format!("{}{at}", line(&component.name))
        }
        None => probe.to_string(),
    }
}

fn probe_changed(state: &State, plan: &PlanId, probe: &ProbeId, change: &Change) -> String {
    let why = line(&change.why);
    format!("{} is {}: {why}, since {}", probe_name(state, plan, probe), verdict(change.to), change.since.utc)
}

fn opened(state: &State, opening: &Opening, how: &str) -> String {
    let causes: Vec<_> = opening.causes.iter().map(|probe| probe_name(state, &opening.plan, probe)).collect();
    let what = match (&opening.title, causes.is_empty()) {
        (Some(title), _) => line(title).into_owned(),
        (None, false) => all_of(&causes),
        (None, true) => format!("plan {}", opening.plan),
    };
    format!("{} {how}, {}: {what}; began {}", opening.call_sign, opening.severity, opening.began.utc)
}

/// `R7 Fence East`; a step of a run that is no longer known goes by its identifier.
fn step_name(state: &State, run: RunId, step: &StepId) -> String {
    let known = state.runs.get(&run).and_then(|run| run.find(step));
    match known {
        Some((_, step, _)) => format!("{run} {}", line(&step.name)),
        None => format!("{run} {step}"),
    }
}

fn step_started(state: &State, run: RunId, step: &StepId, attempt: u32) -> String {
    let name = step_name(state, run, step);
    let known = state.runs.get(&run).and_then(|run| run.find(step));
    match (known.is_some_and(|(_, step, _)| step.action.is_for_people()), attempt) {
        (true, _) => format!("{name} waits for people"),
        (false, 0 | 1) => format!("{name} started"),
        (false, attempt) => format!("{name} started, try {attempt}"),
    }
}

fn step_failed(name: &str, why: &Failure, again: Option<Moment>) -> String {
    match again {
        Some(moment) => format!("{name} failed: {}; tried again at {moment}", failure(why)),
        None => format!("{name} FAILED: {}", failure(why)),
    }
}

fn confirmed(name: &str, max_loss: Option<Span>, expires: Moment) -> String {
    let loss = max_loss.map(|limit| format!(", a loss of up to {limit} accepted")).unwrap_or_default();
    format!("{name} confirmed{loss}; counts until {expires}")
}

fn voided(name: &str, who: &str, why: &Voided) -> String {
    match why {
        Voided::Withdrawn => format!("{name}: {who} took the confirmation back"),
        Voided::Expired => format!("{name}: the confirmation of {who} expired"),
        Voided::ViewChanged => format!("{name}: the confirmation of {who} is void: what the gate shows changed"),
        Voided::LossGrew { accepted, now: Some(now) } => {
            format!("{name}: the confirmation of {who} is void: {now} would be lost, {accepted} were accepted")
        }
        Voided::LossGrew { accepted, now: None } => {
            format!("{name}: the confirmation of {who} is void: loss unknown, {accepted} were accepted")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::fixtures::at;
    use crate::core::health::{Manner, Verdict};
    use crate::core::ids::{CallSign, Principal};
    use crate::core::plan::{Place, PlanHash, Severity};
    use crate::core::run::{Evidence, RunResult};
    use crate::text::fixtures::{ada, kestrel, mike, state};

    fn check(table: Vec<(Event, String)>) {
        for (given, sentence) in table {
            let entry = Entry { seq: 1, at: at(5), by: Principal::Engine, event: given };
            assert_eq!(event(&state(), &entry), sentence);
        }
    }

    fn shop() -> PlanId {
        "shop".parse().unwrap()
    }

    #[test]
    fn what_the_engine_did_and_saw() {
        let change = |to, why: &str| Change {
            place: Place::Engine,
            manner: Manner::Steady,
            from: Verdict::Unknown,
            to,
            since: at(3),
            why: why.into(),
            last_good: None,
        };
        let probe = |id: &str, to, why| Event::ProbeChanged {
            plan: shop(),
            probe: id.parse().unwrap(),
            change: change(to, why),
        };
        let since = at(3).utc;
        let started =
            |mode| Event::EngineStarted { version: "0.1.0".into(), mode, people: vec![], channels: Default::default() };
        check(vec![
            (started(Mode::Personal), "engine 0.1.0 started, for one person".into()),
            (started(Mode::Shared), "engine 0.1.0 started, for everybody in its settings".into()),
            (Event::EngineStopped, "engine stopped in order".into()),
            (
                Event::PlanLoaded {
                    plan: shop(),
                    name: "Shop, east\nand west".into(),
                    hash: PlanHash("0123456789abcdef".into()),
                    body: None,
                },
                "plan shop loaded: Shop, east and west, text 01234567".into(),
            ),
            (
                probe("db.east", Verdict::Down, "connection \u{1b}refused"),
                format!("Orders database at East is DOWN: connection ^[refused, since {since}"),
            ),
            (probe("door", Verdict::Ok, "200"), format!("Front door is ok: 200, since {since}")),
            (probe("gone", Verdict::Degraded, "2s"), format!("gone is degraded: 2s, since {since}")),
            (Event::SiteActivated { plan: shop(), site: "west".parse().unwrap() }, "West serves now".into()),
        ]);
    }

    #[test]
    fn what_became_of_an_incident() {
        let incident = kestrel;
        let opening = |title: Option<&str>, causes: &[&str]| Opening {
            incident: kestrel(),
            call_sign: CallSign::pick(0, &[]),
            plan: shop(),
            severity: Severity::Critical,
            title: title.map(Into::into),
            began: at(3),
            causes: causes.iter().map(|c| c.parse().unwrap()).collect(),
        };
        let moment = at(3).utc;
        check(vec![
            (
                Event::IncidentProposed(opening(None, &["db.east", "door"])),
                format!("KESTREL proposed, critical: Orders database at East and Front door; began {moment}"),
            ),
            (
                Event::IncidentDeclared(opening(Some("East is gone"), &["door"])),
                format!("KESTREL declared, critical: East is gone; began {moment}"),
            ),
            (
                Event::IncidentDeclared(opening(None, &[])),
                format!("KESTREL declared, critical: plan shop; began {moment}"),
            ),
            (
                Event::IncidentDismissed { incident: incident(), reason: "a test".into() },
                "KESTREL dismissed: a test".into(),
            ),
            (Event::IncidentRecovering { incident: incident() }, "KESTREL: recovery goes on".into()),
            (
                Event::IncidentVerifying { incident: incident(), since: at(3) },
                format!("KESTREL: good since {moment}; it has to hold"),
            ),
            (Event::IncidentRelapsed { incident: incident() }, "KESTREL: trouble came back; the clocks run on".into()),
            (
                Event::IncidentRecovered { incident: incident(), stopped: at(3) },
                format!("KESTREL recovered; the clocks stopped at {moment}"),
            ),
            (Event::IncidentClosed { incident: incident(), reason: None }, "KESTREL closed".into()),
            (
                Event::IncidentClosed { incident: "DR-1".parse().unwrap(), reason: Some("moved".into()) },
                "DR-1 closed: moved".into(),
            ),
            (
                Event::IncidentCancelled { incident: incident(), reason: "false alarm".into() },
                "KESTREL cancelled: false alarm".into(),
            ),
            (
                Event::IncidentReopened { incident: incident(), reason: "again".into() },
                "KESTREL reopened: again".into(),
            ),
            (
                Event::RoleAssigned { incident: incident(), role: "incident_commander".parse().unwrap(), to: mike() },
                "KESTREL: mike is incident commander".into(),
            ),
        ]);
    }

    #[test]
    fn words_and_what_became_of_them() {
        let tried = |attempt| Event::DeliveryTried {
            incident: kestrel(),
            number: 2,
            channel: "mail".parse().unwrap(),
            attempt,
        };
        check(vec![
            (Event::NoteAdded { incident: None, text: "one\ntwo".into() }, "one two".into()),
            (
                Event::UpdateSent {
                    incident: kestrel(),
                    number: 2,
                    text: "We are on it.".into(),
                    channels: ["inbox", "mail"].map(|c| c.parse().unwrap()).into(),
                    of: None,
                },
                "update 2 to inbox and mail: We are on it.".into(),
            ),
            (tried(Attempt::Took { answer: "202".into() }), "update 2: mail took it: 202".into()),
            (tried(Attempt::NotNow { why: "503".into() }), "update 2: mail did not take it: 503".into()),
            (tried(Attempt::Never { why: "404".into() }), "update 2: FAILED, mail will not take it: 404".into()),
            (Event::NoteAdded { incident: None, text: "x".repeat(101) }, format!("{}...", "x".repeat(97))),
        ]);
    }

    #[test]
    fn what_became_of_a_run_and_its_steps() {
        let (run, fence) = (RunId(7), || "fence".parse::<StepId>().unwrap());
        let failed =
            |again| Event::StepFailed { run, step: fence(), attempt: 1, why: Failure::Exit { code: 1 }, again };
        let started = |step: &str, attempt| Event::StepStarted { run, step: step.parse().unwrap(), attempt };
        let again = at(9).utc;
        check(vec![
            (
                Event::RunStarted {
                    run,
                    incident: kestrel(),
                    plan: shop(),
                    hash: PlanHash(String::new()),
                    name: "Fail over to West".into(),
                    procedure: None,
                    values: Default::default(),
                    graph: None,
                    components: Default::default(),
                },
                "R7 started: Fail over to West".into(),
            ),
            (started("fence", 1), "R7 Fence East started".into()),
            (started("fence", 2), "R7 Fence East started, try 2".into()),
            (started("bridge", 1), "R7 Bridge is open waits for people".into()),
            (
                Event::StepSucceeded {
                    run,
                    step: fence(),
                    attempt: 1,
                    evidence: Evidence::ExitedWell,
                    results: Default::default(),
                },
                "R7 Fence East done, seen: exit 0".into(),
            ),
            (failed(None), "R7 Fence East FAILED: exit 1".into()),
            (failed(Some(again)), format!("R7 Fence East failed: exit 1; tried again at {again}")),
            (
                Event::StepLost { run: RunId(8), step: fence(), attempt: 1, what: "the engine ended".into() },
                "R8 fence UNKNOWN: the engine ended".into(),
            ),
            (
                Event::StepSaidDone { run, step: fence(), note: Some("by hand".into()) },
                "R7 Fence East said to be done: by hand".into(),
            ),
            (Event::StepSaidDone { run, step: fence(), note: None }, "R7 Fence East said to be done".into()),
            (
                Event::StepRetried { run, step: fence(), values: Default::default() },
                "R7 Fence East is tried again".into(),
            ),
            (
                Event::StepRetried { run, step: fence(), values: [("site".into(), "we\u{1b}st".into())].into() },
                "R7 Fence East is tried again with site=we^[st".into(),
            ),
            (
                Event::StepNotNeeded { run, step: fence(), why: "not so: east.down".into() },
                "R7 Fence East not needed: not so: east.down".into(),
            ),
            (
                Event::StepRegained { run, step: fence(), attempt: 1 },
                "R7 Fence East is in sight again, and still runs".into(),
            ),
            (
                Event::StepSkipped { run, step: fence(), reason: "no power".into() },
                "R7 Fence East skipped: no power".into(),
            ),
            (Event::RunHeld { run, reason: None }, "R7 held".into()),
            (Event::RunResumed { run }, "R7 resumed".into()),
            (Event::RunTurnedBack { run, why: "wrong\nsite".into() }, "R7 turns back: wrong site".into()),
            (
                Event::RunOverdue { run, limit: Span::from_secs(1_800) },
                "R7 is OVERDUE: the engine has been at it for 30m00s; it is held".into(),
            ),
            (Event::RunEnded { run, result: RunResult::Done }, "R7 is over: done".into()),
        ]);
    }

    #[test]
    fn what_became_of_a_gate() {
        let (run, go) = (RunId(7), || "go".parse::<StepId>().unwrap());
        let expires = at(600).utc;
        let confirmed = |max_loss| Event::GateConfirmed { run, step: go(), digest: "d".into(), max_loss, expires };
        let void = |why| Event::ConfirmationVoided { run, step: go(), by: ada(), why };
        let secs = Span::from_secs;
        check(vec![
            (confirmed(None), format!("R7 Promote West confirmed; counts until {expires}")),
            (
                confirmed(Some(secs(15))),
                format!("R7 Promote West confirmed, a loss of up to 15s accepted; counts until {expires}"),
            ),
            (void(Voided::Withdrawn), "R7 Promote West: ada took the confirmation back".into()),
            (void(Voided::Expired), "R7 Promote West: the confirmation of ada expired".into()),
            (
                void(Voided::ViewChanged),
                "R7 Promote West: the confirmation of ada is void: what the gate shows changed".into(),
            ),
            (
                void(Voided::LossGrew { accepted: secs(4), now: Some(secs(9)) }),
                "R7 Promote West: the confirmation of ada is void: 9s would be lost, 4s were accepted".into(),
            ),
            (
                void(Voided::LossGrew { accepted: secs(4), now: None }),
                "R7 Promote West: the confirmation of ada is void: loss unknown, 4s were accepted".into(),
            ),
            (
                Event::GateOpened { run, step: go(), by: vec![ada(), mike()] },
                "R7 Promote West opened by ada and mike".into(),
            ),
            (
                Event::GateDeclined { run, step: go(), reason: "not yet".into() },
                "R7 Promote West declined: not yet".into(),
            ),
        ]);
    }
}
