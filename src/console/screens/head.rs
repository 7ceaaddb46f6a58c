//! The four lines that never scroll and never go away: what, clocks, what customers and people feel, what waits.

use crate::console::canvas::{Canvas, Row, count, round};
use crate::console::layer::mode;
use crate::console::model::{Link, whole};
use crate::console::place::View;
use crate::console::theme::Role;
use crate::console::waits::Whose;
use crate::core::command::Command;
use crate::core::comms::{Delivery, Due, due};
use crate::core::forecast::Miss;
use crate::core::gate::worst_loss;
use crate::core::health::{Counts, Verdict};
use crate::core::ids::SiteId;
use crate::core::incident::{Incident, Phase};
use crate::core::loss::Loss;
use crate::core::objectives::{Rto, Standing, downtime, held, rpo, rto, ticks};
use crate::core::plan::{SetBy, Severity};
use crate::core::service::{FrontDoor, front_door};
use crate::core::state::Loaded;
use crate::core::time::Span;
use crate::text;

/// Draws them.
pub(crate) fn draw(canvas: &mut Canvas<'_>, view: View<'_>) {
    let clock = view.model.now().map_or_else(|| "--:--:--Z".to_owned(), |now| now.utc.to_string());
    let room = canvas.columns().saturating_sub(clock.len() + 2);
    canvas.both(0, &what(view, room), &Row::of(clock, Role::Strong).gap(1));
    let (left, right) = clocks(view, canvas.columns());
    canvas.both(1, &left, &right);
    let commander = commander(view);
    let room = canvas.columns().saturating_sub(commander.width() + 1);
    let felt = [Detail::Names, Detail::Counts].map(|detail| felt(view, detail));
    let fits = felt.iter().find(|row| row.width() <= room).or(felt.last());
    canvas.both(2, fits.unwrap_or(&Row::new()), &commander);
    let (left, right) = waiting(view);
    canvas.both(3, &left, &right);
}

/// Mode, call-sign, severity, what is down.
fn what(view: View<'_>, room: usize) -> Row {
    let incident = view.incident();
    let (word, role) = mode(view, incident.map(AsRef::as_ref));
    let mut row = Row::of(format!(" {word} "), role).gap(1);
    if role == Role::ReadOnly
        && let Some(loaded) = view.loaded()
    {
        row = row.with(loaded.plan.environment.to_string(), Role::Strong).gap(2);
    }
    if let Some(incident) = incident {
        row = row.with(incident.call_sign.as_str(), Role::Strong).gap(2);
        row = row.with(incident.severity.to_string(), severity(incident.severity)).gap(2);
    }
    match view.loaded() {
        // Names where they fit, else how many.
        Some(loaded) => match trouble(loaded, Detail::Names) {
            names if row.width() + names.width() <= room => row.and(names),
            _ => row.and(trouble(loaded, Detail::Counts)),
        },
        None => row.with("no plan loaded yet", Role::Dim),
    }
}

/// How bad looks.
pub(crate) fn severity(severity: Severity) -> Role {
    match severity {
        Severity::Critical => Role::Bad,
        Severity::High => Role::Warn,
        Severity::Medium | Severity::Low => Role::Text,
    }
}

/// How much is said of what is not ok.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    Names,
    Counts,
}

/// Parts by what is believed of them, the worst first.
/// Whether everything that is looked at is ok.
pub(super) fn all_ok(loaded: &Loaded) -> bool {
    let sites = loaded.plan.sites.iter().map(|site| Some(&site.id));
    sites.chain([None]).map(|site| loaded.counts(site)).all(|counts| counts.of(Verdict::Ok) == counts.all())
}

/// Parts that are named in a row; more would be beyond its end.
const NAMED: usize = 40;

/// Everything that is not ok, by site, the worst first; `all ok` when there is nothing.
pub(crate) fn trouble(loaded: &Loaded, detail: Detail) -> Row {
    let sites = loaded.plan.sites.iter().map(|s| (Some(&s.id), s.name.as_str()));
    let mut places: Vec<(Option<&SiteId>, &str, Counts)> =
        sites.chain([(None, "")]).map(|(site, name)| (site, name, loaded.counts(site))).collect();
    let any = places.iter().any(|(_, _, counts)| counts.all() > 0);
    places.retain(|(_, _, counts)| counts.of(Verdict::Ok) < counts.all());
    if places.is_empty() {
        return if any { Row::of("all ok", Role::Good) } else { Row::of("no probes: health unknown", Role::Unknown) };
    }
    places.sort_by_key(|(_, _, counts)| std::cmp::Reverse(counts.worst()));
    let mut row = Row::new();
    for (index, (site, name, counts)) in places.into_iter().enumerate() {
        row = row.with(if index > 0 { "; " } else { "" }, Role::Dim);
        row = row.with(if name.is_empty() { String::new() } else { format!("{name}: ") }, Role::Strong);
        let not_ok = Verdict::ALL.into_iter().rev().filter(|v| *v != Verdict::Ok && counts.of(*v) > 0);
        for (i, verdict) in not_ok.enumerate() {
            let word = match verdict {
                Verdict::Down => "DOWN",
                Verdict::Degraded => "DEGRADED",
                other => crate::text::verdict(other),
            };
            row = row.with(if i > 0 { ", " } else { "" }, Role::Dim);
            let parts = match detail {
                Detail::Counts if !name.is_empty() => counts.of(verdict).to_string(),
                _ => {
                    let named = loaded.not_ok(site, verdict).take(NAMED).map(|component| component.id.as_str());
                    named.collect::<Vec<_>>().join(" ")
                }
            };
            row = row.with(format!("{parts} {word}"), verdict_role(verdict));
        }
    }
    row
}

/// What a verdict looks like.
pub(crate) fn verdict_role(verdict: Verdict) -> Role {
    match verdict {
        Verdict::Ok => Role::Good,
        Verdict::Paused => Role::Dim,
        Verdict::Unknown => Role::Unknown,
        Verdict::Degraded => Role::Warn,
        Verdict::Down => Role::Bad,
    }
}

/// Its sign.
pub(crate) fn verdict_sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "✓",
        Verdict::Paused => "‖",
        Verdict::Unknown => "?",
        Verdict::Degraded => "!",
        Verdict::Down => "✗",
    }
}

fn clocks(view: View<'_>, columns: usize) -> (Row, Row) {
    let (Some(incident), Some(now)) = (view.incident(), view.model.now()) else {
        return (calm(view), Row::new());
    };
    let loaded = view.model.state.plans.get(&incident.plan);
    let gone = downtime(incident, &now);
    let (word, role) = if ticks(incident) { ("DOWN", Role::Bad) } else { ("WAS DOWN", Role::Strong) };
    let mut row = Row::text(" ").with(format!("{word} {gone}"), role).gap(3);
    if let Some(rto) = loaded.and_then(|loaded| rto(loaded, incident, &now)) {
        row = row.and(objective(&rto, incident));
    }
    if let (Phase::Verifying { since }, Some(loaded)) = (&incident.phase, loaded) {
        let (held, needs) = (held(since, &now), loaded.plan.stable_for);
        row = row.gap(3).with(format!("good for {held} of {needs}"), Role::Good);
    }
    let phase = match incident.phase {
        Phase::Proposed => Row::of("PROPOSED", Role::Warn),
        _ => Row::of(incident.phase.word(), Role::Dim),
    };
    let room = columns.saturating_sub(row.width() + 3);
    (row, end(view, incident, &phase, room).unwrap_or(phase).gap(1))
}

/// When the run in focus will end, in the longest form that fits; beside the phase where both do.
fn end(view: View<'_>, incident: &Incident, phase: &Row, room: usize) -> Option<Row> {
    let run = view.run().filter(|run| run.incident == incident.id)?;
    let told = view.model.forecast(run)?;
    let short = text::forecast_short(run, &told.forecast, &view.model.now()?);
    let ends: Vec<Row> = short.into_iter().map(|words| Row::of(words, Role::Strong)).collect();
    let role = if matches!(told.miss, Some(Miss::Possible(_))) { Role::Warn } else { Role::Bad };
    let missed = told.miss.and_then(text::missed).map(|words| Row::of(words, role));
    let mut forms: Vec<Row> = match &missed {
        // That it comes too late matters more than when.
        Some(missed) => ends.iter().map(|end| end.clone().with(", ", Role::Text).and(missed.clone())).collect(),
        None => ends.clone(),
    };
    forms.extend(missed);
    let beside = forms.first().map(|first| phase.clone().gap(3).and(first.clone()));
    beside.into_iter().chain(forms).find(|form| form.width() <= room)
}

fn objective(rto: &Rto, incident: &Incident) -> Row {
    let of = rto.of.as_deref().map_or(String::new(), |of| format!(" {of}"));
    let row = match rto.set_by {
        SetBy::Tier(number) => Row::of(format!("RTO T{number} "), Role::Text),
        _ => Row::of(format!("RTO {}{of}: ", round(rto.objective)), Role::Text),
    };
    match rto.standing {
        Standing::Left(left) if incident.stopped.is_some() => {
            row.with("met", Role::Good).with(format!(", {left} to spare"), Role::Text)
        }
        // While good answers have to hold, the clocks stand still and may go on: no moment can be named.
        Standing::Left(left) if !ticks(incident) => row.with(format!("{left} left"), Role::Strong),
        Standing::Left(left) => {
            let role = if left < Span::from_secs(300) { Role::Warn } else { Role::Strong };
            row.with(format!("{left} left"), role).with(format!(", by {}", rto.ends), Role::Text)
        }
        Standing::Missed { by, next } => {
            let next = next.map_or(String::new(), |(next, left)| format!(", next {}: {left} left", round(next)));
            row.with(format!("MISSED by {by}"), Role::Bad).with(next, Role::Text)
        }
    }
}

/// With nothing wrong: what is watched, and where customers are served.
fn calm(view: View<'_>) -> Row {
    let plans = view.model.state.plans.len();
    let Some(loaded) = view.loaded() else { return Row::of(" nothing is watched yet", Role::Dim) };
    let active = loaded.active.as_ref().and_then(|id| loaded.plan.site(id)).map(|s| s.name.clone());
    let serves = active.map_or(String::new(), |name| format!(", served from {name}"));
    let more = if plans > 1 { format!("   and {} more plans", plans - 1) } else { String::new() };
    Row::of(" NO INCIDENT", Role::Strong).gap(3).with(format!("{}{serves}{more}", loaded.plan.name), Role::Text)
}

/// What customers get, what would be lost, when the world was last told.
fn felt(view: View<'_>, detail: Detail) -> Row {
    let mut row = Row::text(" ");
    let Some(loaded) = view.loaded() else { return row };
    if loaded.plan.customers.is_some() {
        let served = view.model.readings().customers.get(&loaded.plan.id).and_then(|c| c.served);
        row = match served.and_then(crate::core::health::Served::percent) {
            Some(100) => row.with("CUSTOMERS 100% ok", Role::Good),
            Some(percent) => {
                row.with(format!("CUSTOMERS {percent}% ok"), if percent < 90 { Role::Bad } else { Role::Warn })
            }
            None => row.with("CUSTOMERS unknown", Role::Unknown),
        };
        row = row.gap(4);
    } else if let Some(door) = front_door(loaded) {
        let role = match door {
            FrontDoor { known: 0, .. } => Role::Unknown,
            FrontDoor { ok, known, unknown: 0 } if ok == known => Role::Good,
            FrontDoor { ok: 0, .. } => Role::Bad,
            _ => Role::Warn,
        };
        let words = match detail {
            Detail::Names => text::clocks::front_door(door),
            Detail::Counts => text::clocks::front_door_short(door),
        };
        row = row.with(format!("CUSTOMERS {words}"), role).gap(if detail == Detail::Names { 4 } else { 2 });
    }
    let incident = view.incident();
    let lost = view.model.now().and_then(|now| worst_loss(loaded, view.model.readings(), &now));
    if let Some(loss) = lost {
        let limit = incident.and_then(|i| rpo(loaded, i)).or(loaded.plan.rpo);
        row = row.with(format!("LOSS {}", crate::text::loss(loss)), loss_role(loss, limit)).gap(4);
    }
    match incident {
        Some(incident) if incident.phase.is_declared() => row.and(told(view, incident)),
        _ => row,
    }
}

/// What a loss looks like against its objective.
pub(crate) fn loss_role(loss: Loss, limit: Option<Span>) -> Role {
    match (loss.ceiling(), limit) {
        (None, _) => Role::Unknown,
        (Some(loss), Some(limit)) if loss > limit => Role::Bad,
        (Some(loss), _) if loss > Span::from_secs(1) => Role::Warn,
        _ => Role::Good,
    }
}

fn told(view: View<'_>, incident: &Incident) -> Row {
    let last = incident.updates.last();
    let failed = last.is_some_and(|last| last.deliveries.values().any(|d| matches!(d, Delivery::Failed { .. })));
    let row = match (view.model.now().and_then(|now| due(incident, &now)), last) {
        (Some(Due::Late(by)), _) => Row::of(format!("UPDATE LATE {}", whole(by)), Role::Bad),
        (Some(Due::In(left)), Some(_)) => Row::text(format!("UPDATE due {}", whole(left))),
        (Some(Due::In(left)), None) => Row::of(format!("UPDATE due {}", whole(left)), Role::Warn),
        (None, Some(last)) => Row::text(format!("UPDATE {} ago", view.model.age_of(&last.at))),
        (None, None) => Row::of("UPDATE none yet", Role::Warn),
    };
    if failed { row.gap(1).with("FAILED", Role::Bad) } else { row }
}

/// Who leads.
fn commander(view: View<'_>) -> Row {
    let Some(incident) = view.incident().filter(|i| i.phase.is_declared()) else { return Row::new() };
    match incident.roles.get("incident_commander") {
        Some(who) => Row::text("IC ").with(view.model.name(who), Role::Strong).gap(1),
        None => Row::of("IC nobody", Role::Warn).gap(1),
    }
}

fn waiting(view: View<'_>) -> (Row, Row) {
    match &view.model.link {
        Link::Connecting { why } => {
            let why = why.as_deref().map_or(String::new(), |why| format!(": {why}"));
            return (Row::of(format!(" connecting to the engine{why}"), Role::Warn), Row::new());
        }
        Link::Lost { since, why } => {
            let age = view.model.age().unwrap_or_default();
            let gone = view.model.at.minus(*since);
            let row = Row::text(" ").with(format!(" ENGINE LOST {} ago ", whole(gone)), Role::Production).gap(2);
            let dropped = match view.model.dropped {
                0 => String::new(),
                keys => format!(", {} dropped", count(usize::try_from(keys).unwrap_or(usize::MAX), "key")),
            };
            let right = Row::of(format!("data {} old{dropped}", whole(age)), Role::Warn).gap(1);
            return (row.with(why, Role::Bad), right);
        }
        Link::Up => {}
    }
    if let Some(told) = counted_down(view) {
        return told;
    }
    if let Some((row, no)) = super::failover::countdown(view) {
        let waits = view.model.waits().iter().filter(|wait| wait.whose == Whose::Mine).count();
        let others = if waits > 0 { Row::of(format!(" ▲ {waits} "), Role::Waits).gap(1) } else { Row::new() };
        return (row, others.and(no));
    }
    let all = view.model.waits();
    let mine: Vec<_> = all.iter().filter(|w| w.whose == Whose::Mine).collect();
    let several = view.model.state.open_incidents().count() > 1;
    let sign =
        |wait: &crate::console::waits::Wait| if several { format!("{} ", wait.call_sign) } else { String::new() };
    if let Some(next) = mine.get(view.place.next_wait.checked_rem(mine.len()).unwrap_or(0)) {
        let number = view.place.next_wait % mine.len() + 1;
        let count = format!(" ▲ {number} OF {} FOR YOU ", mine.len());
        let row = Row::of(count, Role::Waits).gap(2).with(format!("{}{}", sign(next), next.says), Role::Strong);
        return (row, Row::of("Space", Role::Key).with(" opens ", Role::Text));
    }
    match all.first() {
        Some(next) => {
            let count = format!(" ○ {} for others", all.len());
            (Row::of(count, Role::Dim).gap(2).with(format!("{}{}", sign(next), next.says), Role::Text), Row::new())
        }
        None => {
            let nothing = || Row::of(" ✓ nothing waits for you", Role::Dim);
            (super::failover::overridden(view).unwrap_or_else(nothing), Row::new())
        }
    }
}

/// What begins by itself unless it is stopped, ahead of all that waits.
fn counted_down(view: View<'_>) -> Option<(Row, Row)> {
    let now = view.model.now()?;
    let mut all = view.model.countdowns();
    let (loaded, countdown) = all.next()?;
    let more = all.count();
    let row = Row::of(format!(" {} ", text::countdown(&loaded.plan, countdown, &now)), Role::Production).gap(2);
    let stop = Command::StopAutomation { plan: loaded.plan.id.clone(), reason: None };
    let row = match view.model.refuses(&stop) {
        None => row.with("X", Role::Key).with(" stops it", Role::Strong).with(", C-x while typing", Role::Text),
        Some(_) => row.with("who may hold a run can stop it", Role::Strong),
    };
    let more = if more > 0 { format!("and {more} more ") } else { String::new() };
    Some((row, Row::of(more, Role::Bad)))
}
