//! What somebody is told before they act.

use super::{Filled, Purpose, Taken};
use crate::console::canvas::{Row, count, wrap};
use crate::console::place::View;
use crate::console::screens;
use crate::console::theme::Role;
use crate::core::command::Declared;
use crate::core::failover::{Guard, MoveKind};
use crate::core::health::{self, Verdict, living_key};
use crate::core::ids::{IncidentId, PlanId, RoleId, RunId, ScenarioId, StepId};
use crate::core::incident::{Incident, Phase};
use crate::core::objectives::downtime;
use crate::core::past::Past;
use crate::core::plan::{Action, Method, Repeat, Return, Step};
use crate::core::preview::changed_by_emergency;
use crate::core::run::{Course, Run, RunResult, RunState, StepRun, StepState};
use crate::core::state::Loaded;
use crate::text;

/// Steps that are shown one by one.
const SHOWN: usize = 4;

/// Steps that are named in one line.
const NAMED: usize = 8;

/// Columns of a label.
const LABEL: usize = 12;

/// Rows with labels, wrapped to a width.
pub(super) struct Told {
    rows: Vec<Row>,
    width: usize,
}

impl Told {
    fn new(width: usize) -> Told {
        Told { rows: Vec::new(), width }
    }

    pub(super) fn line(&mut self, words: &str, role: Role) {
        self.rows.extend(wrap(words, self.width).into_iter().map(|line| Row::of(line, role)));
    }

    pub(super) fn put(&mut self, label: &str, words: &str, role: Role) {
        for (index, line) in wrap(words, self.width.saturating_sub(LABEL)).into_iter().enumerate() {
            let label = if index == 0 { label } else { "" };
            self.rows.push(Row::of(label, Role::Strong).tab(LABEL).with(line, role));
        }
    }
}

impl Purpose {
    /// What is to be known before.
    pub(crate) fn says(&self, view: View<'_>, filled: &Filled, width: usize) -> Vec<Row> {
        let mut told = Told::new(width);
        let run = |id: &RunId| view.model.state.runs.get(id).map(AsRef::as_ref);
        match self {
            Purpose::Declare(what, _) => return declared(view, what.get(filled.first).map(|(what, _)| what), width),
            Purpose::Dismiss(_) => {
                told.line("The engine's proposal goes away. Trouble that goes on can be declared later.", Role::Text);
            }
            Purpose::Cancel(_) => {
                told.line("Nothing was wrong: clocks stop, and it counts as a false alarm.", Role::Text);
            }
            Purpose::Close(_, phase, owes) => {
                match phase {
                    Phase::Recovered => told.line("It has recovered. Closing ends it.", Role::Text),
                    _ => told.line(&format!("It is {}, NOT recovered: a reason is needed.", phase.word()), Role::Warn),
                }
                if owes.is_some() {
                    told.line("It OWES THE WAY BACK: go back or commit it first, or say why not.", Role::Warn);
                }
            }
            Purpose::Commit(incident) => stays(&mut told, view, incident),
            Purpose::PutBack(incident, guards) => {
                told.line("The guard refuses again what it refuses. Everybody sees that in the timeline.", Role::Text);
                glass(&mut told, view, incident, guards.get(filled.first));
            }
            Purpose::Emergency(id) => {
                told.line(
                    "What is still to be done takes its form for emergencies; loss is accepted at the gate.",
                    Role::Warn,
                );
                if let Some(run) = run(id) {
                    in_emergency(&mut told, run);
                }
            }
            Purpose::Reopen(_) => told.line("Its clocks run again, from when it began.", Role::Text),
            Purpose::Began(incident, _, asked) => {
                told.line("Every clock follows: downtime, objectives, what is out since then.", Role::Text);
                told.line("As -15m (before now), 03:10:00Z (of the last day) or 2026-11-21T03:10:00Z.", Role::Dim);
                if let Some(known) = view.model.state.incidents.get(incident) {
                    began(&mut told, view, known, Past::read(&filled.words, *asked).ok());
                }
            }
            Purpose::Assign(_, roles, _) => return held_by(view, roles.get(filled.first)),
            Purpose::Scenario(_, what) => {
                if let Some((id, taken)) = what.get(filled.first) {
                    of_scenario(&mut told, view, id, *taken);
                }
            }
            Purpose::PausePart(plan, parts) => super::part::says(&mut told, view, plan, parts, filled),
            Purpose::ResumePart(plan, parts) => super::part::resumes(&mut told, view, plan, parts, filled),
            Purpose::Disarm(plan) | Purpose::Arm(plan) => super::automation::says(&mut told, view, plan),
            Purpose::Note(Some(_)) => told.line("Goes into the incident's timeline, under your name.", Role::Text),
            Purpose::Note(None) => {
                told.line("Goes into the timeline, under your name. No incident is in focus.", Role::Text);
            }
            Purpose::Step(id, step, _) => {
                if let Some((run, found)) = run(id).and_then(|run| Some((run, run.find(step)?))) {
                    of_step(&mut told, view, run, found);
                }
            }
            Purpose::Skip(id, step) => {
                told.line("It is left out when its turn comes. The run can then no longer end as done.", Role::Warn);
                if let Some((run, found)) = run(id).and_then(|run| Some((run, run.find(step)?))) {
                    of_step(&mut told, view, run, found);
                }
            }
            Purpose::Decline(..) => {
                told.line("The run does not go on until the gate is tried again or the run aborted.", Role::Text);
            }
            Purpose::Withdraw(..) => told.line("Your confirmation no longer counts.", Role::Text),
            Purpose::Hold(id) => {
                told.line("Nothing new starts. What runs now is not stopped.", Role::Text);
                told.rows.extend(under_way(view, *id));
            }
            Purpose::Resume(id) => {
                resumes(&mut told, view, run(id));
                told.rows.extend(under_way(view, *id));
            }
            Purpose::Abort(id) => {
                told.line("The run ends, with what still runs of it. NOTHING IS UNDONE.", Role::Warn);
                told.rows.extend(run(id).map_or_else(Vec::new, |run| aborts(view, run, width)));
            }
            Purpose::RollBack(id) => {
                told.rows.extend(run(id).map_or_else(Vec::new, |run| goes_back(view, run, width)));
            }
            Purpose::Update(_) => {}
        }
        told.rows
    }
}

/// What it means that a failover stays.
fn stays(told: &mut Told, view: View<'_>, incident: &IncidentId) {
    let known = view.model.state.incidents.get(incident);
    let Some((known, now)) = known.zip(view.model.now()) else { return };
    let plan = view.model.state.plans.get(&known.plan).map(|loaded| &*loaded.plan);
    if let Some(owed) = &known.owed {
        told.put("Now", &text::owed(plan, owed, &now), Role::Warn);
    }
    told.line("Nobody goes back: the failback is owed no more, and nobody is called for it.", Role::Text);
}

/// The overrides of a guard that are not over, each with who broke the glass and why.
fn glass(told: &mut Told, view: View<'_>, incident: &IncidentId, guard: Option<&Guard>) {
    let known = view.model.state.incidents.get(incident);
    let Some((known, now)) = known.zip(view.model.now()) else { return };
    let of_guard = known.glass.iter().filter(|glass| Some(&glass.guard) == guard);
    let says: Vec<String> = of_guard.filter_map(|one| text::glass(&view.model.state, one, &now)).collect();
    says.iter().for_each(|words| told.put("GLASS", words, Role::Bad));
}

/// Which steps an emergency changes.
fn in_emergency(told: &mut Told, run: &Run) {
    let open = run.pairs().filter(|(_, seen)| !seen.state.is_settled());
    let mut none = true;
    for (step, _) in open {
        let Some(how) = changed_by_emergency(Some(MoveKind::Emergency), step) else { continue };
        told.put(if none { "Changes" } else { "" }, &format!("{}: {how}", step.name), Role::Text);
        none = false;
    }
    if none {
        told.put("Changes", "no step that is still to be done has another form", Role::Dim);
    }
}

fn declared(view: View<'_>, what: Option<&Declared>, width: usize) -> Vec<Row> {
    let state = &view.model.state;
    let plan: Option<&PlanId> = match what {
        Some(Declared::Proposal(id)) => state.incidents.get(id).map(|i| &i.plan),
        Some(Declared::Plan(id)) => Some(id),
        None => None,
    };
    let Some(loaded) = plan.and_then(|id| state.plans.get(id)) else { return Vec::new() };
    let mut rows = vec![
        Row::text(format!("{}: ", loaded.plan.name)).and(screens::head::trouble(loaded, screens::head::Detail::Names)),
    ];
    if let Some(Declared::Proposal(id)) = what
        && let Some(incident) = state.incidents.get(id)
    {
        rows.push(Row::text(format!("Began {}, the last good sample.", incident.began.utc)));
        for (_, matched) in incident.counting() {
            rows.push(Row::of(format!("Looks like {}: {}", matched.name, text::seen(&matched.saw)), Role::Warn));
        }
    }
    rows.push(Row::text("You become incident commander, unless somebody is."));
    let known = match what {
        Some(Declared::Proposal(id)) => state.incidents.get(id).map(AsRef::as_ref),
        _ => None,
    };
    rows.extend(screens::impact::rows(view, loaded, known, screens::impact::LABEL, width));
    rows
}

/// What taking an incident for a scenario means, or what ruling it out allows.
fn of_scenario(told: &mut Told, view: View<'_>, id: &ScenarioId, taken: Taken) {
    let loaded = view.incident().and_then(|incident| view.model.state.plans.get(&incident.plan));
    let Some((loaded, scenario)) = loaded.and_then(|loaded| Some((loaded, loaded.plan.scenario(id)?))) else { return };
    told.line(&format!("{} ({})", scenario.name, scenario.disaster), Role::Strong);
    told.put("Recovered", &text::ways(scenario), Role::Text);
    if let Some(held) = loaded.triggers.get(id) {
        told.put("Shows now", &text::seen(&held.saw), Role::Warn);
    }
    let forbids = !scenario.allows.contains(&Method::Failover);
    match (taken, forbids) {
        (Taken::Is, true) => {
            told.line("Failovers are refused from then on: the other site has the same damage.", Role::Warn)
        }
        (Taken::IsNot, true) => told.line("Failovers are ALLOWED again. Be sure that the data are whole.", Role::Warn),
        _ => {}
    }
}

/// What it was taken for, and what it would become.
fn began(told: &mut Told, view: View<'_>, incident: &Incident, typed: Option<Past>) {
    let Some(now) = view.model.now() else { return };
    let from = format!("{}, down {}", incident.began.utc.dated(), downtime(incident, &now));
    told.put("Now", &from, Role::Text);
    let Some(past) = typed else { return };
    let began = match past {
        Past::At(moment) => incident.began.at(moment),
        Past::Ago(span) => now.earlier(span),
    };
    let becomes = format!("{}, down {}", began.utc.dated(), downtime(&Incident { began, ..incident.clone() }, &now));
    told.put("Becomes", &becomes, Role::Strong);
}

fn held_by(view: View<'_>, role: Option<&RoleId>) -> Vec<Row> {
    let holder = role.and_then(|role| view.incident()?.roles.get(role));
    let words =
        holder.map_or("Nobody holds it now.".to_owned(), |who| format!("Now held by {}.", view.model.name(who)));
    vec![Row::text(words)]
}

/// What is known of a step before somebody says what becomes of it.
fn of_step(told: &mut Told, view: View<'_>, run: &Run, (_, step, done): (usize, &Step, &StepRun)) {
    let (sign, role) = screens::steps::sign(view, step, done);
    told.line(&screens::does(step, &run.values_of(step)), Role::Text);
    if let Some(host) = run.host_of(step) {
        told.line(&format!("on host {host}"), Role::Text);
    }
    let mut stands = wrap(&text::step_state(&view.model.state, &done.state), told.width.saturating_sub(2)).into_iter();
    let first = stands.next().unwrap_or_default();
    told.rows.push(Row::of(sign, role).gap(1).with(first, Role::Strong));
    told.rows.extend(stands.map(|line| Row::new().gap(2).with(line, Role::Strong)));
    if let StepState::Unknown { at, .. } = &done.state {
        told.line(
            &format!("Try {}, out of sight since {} ({} ago).", done.attempts, at.utc, view.model.age_of(at)),
            Role::Text,
        );
        let lives = view.model.readings().living.contains(&living_key(run.id, &step.id, done.attempts));
        if lives {
            told.line("Its processes still LIVE: it may yet end by itself.", Role::Warn);
        } else {
            told.line("No process of it is known to live. Look at what it was to do before you say.", Role::Text);
        }
        match step.repeat {
            Repeat::IsHarmless => told.line("To do it twice does no harm, says the plan.", Role::Text),
            Repeat::MayHarm => {
                told.line("To do it twice MAY DO HARM: the plan does not say that it does not.", Role::Warn)
            }
        }
    }
    if step.way_back == Return::None {
        told.line("NO RETURN: it may have acted already. Look before it is tried again.", Role::NoReturn);
    }
}

/// What a run is at, and how far it has come.
fn under_way(view: View<'_>, run: RunId) -> Vec<Row> {
    let Some(run) = view.model.state.runs.get(&run) else { return Vec::new() };
    let mut active: Vec<_> = run.active().collect();
    if active.is_empty() {
        active.extend(run.current());
    }
    let row = |(index, step, done): &(usize, &Step, &StepRun)| {
        let (sign, role) = screens::steps::sign(view, step, done);
        let name = Row::of(sign, role).with(format!(" {} {}", index + 1, step.name), Role::Strong);
        name.with(format!("   {}", done.state.word()), Role::Dim)
    };
    let mut rows: Vec<Row> = active.iter().take(SHOWN).map(row).collect();
    let more = active.len().saturating_sub(SHOWN);
    if more > 0 {
        rows.push(Row::of(format!("  and {more} more"), Role::Dim));
    }
    let (have, all) = run.progress();
    rows.push(Row::of(format!("{have} of {all} steps behind it"), Role::Dim));
    rows
}

fn resumes(told: &mut Told, view: View<'_>, run: Option<&Run>) {
    let Some(run) = run else { return };
    if let RunState::Ended { result: result @ RunResult::Aborted { .. }, at } = &run.state {
        let how = text::run_result(&view.model.state, result);
        told.line(&format!("It was {how}, {}.", at.utc), Role::Text);
        told.line(
            "It is taken up where it stopped: what was done stays done, what was stopped waits to be tried again (T).",
            Role::Warn,
        );
    } else if run.course == Course::Forward {
        told.line("The run goes on with:", Role::Text);
    } else {
        told.line("The run goes on GOING BACK with:", Role::Warn);
    }
    if run.overdue.is_some() {
        told.line("It is OVERDUE: its time is not counted any more.", Role::Warn);
    }
}

/// Who would serve afterwards, what is stopped, what stays done.
fn aborts(view: View<'_>, run: &Run, width: usize) -> Vec<Row> {
    let mut told = Told::new(width);
    if let Some(loaded) = view.model.state.plans.get(&run.plan) {
        let bad = loaded.active.as_ref().is_none_or(|site| health::site(loaded, site).worst != Verdict::Ok);
        told.put("Afterwards", &text::serves(loaded), if bad { Role::Bad } else { Role::Good });
        for words in other_sites(loaded) {
            told.put("", &words, Role::Text);
        }
    }
    let running: Vec<String> = at_work(view, run);
    let words = if running.is_empty() {
        "nothing: the engine is at no step".to_owned()
    } else {
        text::some_of(&running, SHOWN)
    };
    told.put("Is stopped", &words, if running.is_empty() { Role::Text } else { Role::Warn });
    told.put("Stays done", &named(run.kept()), Role::Text);
    let (have, all) = run.progress();
    told.put(
        "So far",
        &format!("{have} of {all} steps. R takes it up again later; B undoes what was done instead"),
        Role::Dim,
    );
    told.rows
}

/// Sites that do not serve, each with how it is.
fn other_sites(loaded: &Loaded) -> Vec<String> {
    let others = loaded.plan.sites.iter().filter(|site| loaded.active.as_ref() != Some(&site.id));
    let words = others.map(|site| {
        let seen = health::site(loaded, &site.id);
        let ok = seen.count(Verdict::Ok);
        match seen.parts.len() {
            0 => format!("{}: nothing there is looked at", site.name),
            all => format!(
                "{}: {ok} of {all} parts ok, {}",
                site.name,
                text::site_verdict(health::judge_site(loaded, &site.id))
            ),
        }
    });
    words.take(3).collect()
}

/// Steps that the engine is at, each with where and for how long.
fn at_work(view: View<'_>, run: &Run) -> Vec<String> {
    let running = run.active().filter_map(|(place, step, done)| match &done.state {
        StepState::Running { since } => Some((place, step, since)),
        _ => None,
    });
    let words = running.map(|(place, step, since)| {
        let host = run.host_of(step).map_or(String::new(), |host| format!(" on {host}"));
        format!("{} {}{host}, at it for {}", place + 1, step.name, view.model.age_of(since))
    });
    words.collect()
}

fn named<'a>(steps: impl Iterator<Item = &'a Step>) -> String {
    let names: Vec<&str> = steps.map(|step| step.name.as_str()).collect();
    if names.is_empty() {
        return "nothing: no step that acts was done".to_owned();
    }
    format!("{}: {}", count(names.len(), "step"), text::some_of(&names, NAMED))
}

/// What is undone, newest first; what stays done; where it stops.
fn goes_back(view: View<'_>, run: &Run, width: usize) -> Vec<Row> {
    let mut told = Told::new(width);
    told.line("What was done is undone, one step at a time, newest first.", Role::Warn);
    let running = at_work(view, run);
    if !running.is_empty() {
        told.put(
            "First",
            &format!("waits for {}: what of that turns out done is undone too", text::some_of(&running, 2)),
            Role::Warn,
        );
    }
    let undoes: Vec<(usize, &Step)> = run
        .to_undo()
        .filter_map(|(_, step, _)| run.undo_of(&step.id))
        .filter(|(_, _, seen)| !seen.state.is_settled())
        .map(|(place, step, _)| (place, step))
        .collect();
    for (index, (place, step)) in undoes.iter().take(SHOWN).enumerate() {
        let words = format!("{} {}: {}", place + 1, step.name, screens::does(step, &run.values_of(step)));
        told.put(
            if index == 0 { "Is undone" } else { "" },
            &text::cut(&words, (width.saturating_sub(LABEL)).max(1)),
            Role::Text,
        );
    }
    let more = undoes.len().saturating_sub(SHOWN);
    if more > 0 {
        told.put("", &format!("and {more} more"), Role::Dim);
    }
    if undoes.is_empty() {
        told.put("Is undone", "nothing that was done so far", Role::Warn);
    }
    let acts = |step: &&Step| !step.action.only_looks() && !matches!(step.action, Action::Gate(_));
    let no_undo = run.to_undo().map(|(_, step, _)| step).filter(acts).filter(|step| run.undo_of(&step.id).is_none());
    let no_undo: Vec<&Step> = no_undo.collect();
    if !no_undo.is_empty() {
        told.put("Stays done", &format!("{} (the plan has no undo)", named(no_undo.into_iter())), Role::Warn);
    }
    let newest_first = run.board.done.values().rev().filter_map(|place| run.at(*place as usize));
    if let Some((place, step, _)) = newest_first.into_iter().find(|(_, step, _)| step.way_back == Return::None) {
        let words = format!("NO RETURN from {} {}: it and all that was done before it stay done", place + 1, step.name);
        told.put("Stops at", &words, Role::NoReturn);
    }
    told.rows
}

/// A step with its number, as titles name it.
pub(super) fn step_title(view: View<'_>, run: RunId, id: &StepId) -> String {
    let found = view.model.state.runs.get(&run).and_then(|r| r.find(id));
    found.map_or_else(|| id.to_string(), |(index, step, _)| format!("{}: {}", index + 1, step.name))
}
