//! Tasks and decisions.

use super::super::agenda::{DecisionChange, MOST, OBJECTIONS, OPTIONS, TaskChange, TaskEnd};
use super::super::event::Event;
use super::super::ids::{IncidentId, Principal};
use super::super::incident::Incident;
use super::super::refusal::{Agenda, Missing, Refusal};
use super::super::time::Span;
use super::{Context, words};

fn open<'a>(c: Context<'a>, id: &IncidentId) -> Result<&'a Incident, Refusal> {
    let known = c.incident(id)?;
    match known.phase.is_open() {
        true => Ok(known),
        false => Err(super::incident::is_elsewhere(known, "open")),
    }
}

fn task(incident: &IncidentId, number: usize, change: TaskChange) -> Vec<Event> {
    vec![Event::TaskChanged { incident: incident.clone(), number, change }]
}

fn decision(incident: &IncidentId, number: usize, change: DecisionChange) -> Vec<Event> {
    vec![Event::DecisionChanged { incident: incident.clone(), number, change }]
}

pub(super) fn give(
    c: Context<'_>,
    incident: &IncidentId,
    text: &str,
    owner: &Principal,
    (within, report): (Option<Span>, Option<Span>),
) -> Result<Vec<Event>, Refusal> {
    let known = open(c, incident)?;
    if !c.state.people.contains_key(owner) {
        let known = c.state.people.values().map(|person| person.name.clone()).collect();
        return Err(Refusal::NotFound { missing: Missing::Person(owner.to_string()), known });
    }
    if known.tasks.len() >= MOST {
        return Err(Refusal::Agenda(Agenda::TooMany));
    }
    let text = words::text("task", text)?;
    Ok(task(incident, known.tasks.len() + 1, TaskChange::Given { text, owner: owner.clone(), within, report }))
}

pub(super) fn end(c: Context<'_>, id: &IncidentId, number: usize, how: &TaskEnd) -> Result<Vec<Event>, Refusal> {
    let known = open(c, id)?;
    let found = number.checked_sub(1).and_then(|place| known.tasks.get(place));
    let found = found.ok_or(Refusal::Agenda(Agenda::NoTask { number, of: known.tasks.len() }))?;
    if found.end.is_some() {
        return Err(Refusal::Agenda(Agenda::TaskOver { number }));
    }
    let how = match how {
        TaskEnd::Done { words: None } => TaskEnd::Done { words: None },
        TaskEnd::Done { words: Some(said) } => TaskEnd::Done { words: Some(words::text("outcome", said)?) },
        TaskEnd::Dropped { why } => TaskEnd::Dropped { why: words::text("reason", why)? },
    };
    Ok(task(id, number, TaskChange::Ended(how)))
}

pub(super) fn ask(
    c: Context<'_>,
    id: &IncidentId,
    question: &str,
    options: &[String],
    within: Option<Span>,
) -> Result<Vec<Event>, Refusal> {
    let known = open(c, id)?;
    if known.decisions.len() >= MOST {
        return Err(Refusal::Agenda(Agenda::TooMany));
    }
    let question = words::text("question", question)?;
    let options = options.iter().map(|option| words::text("option", option)).collect::<Result<Vec<_>, _>>()?;
    let twice = options.iter().enumerate().any(|(place, option)| options.iter().take(place).any(|one| one == option));
    if !(2..=OPTIONS).contains(&options.len()) || twice {
        return Err(Refusal::Agenda(Agenda::BadOptions));
    }
    let within = within.unwrap_or(OBJECTIONS);
    Ok(decision(id, known.decisions.len() + 1, DecisionChange::Asked { question, options, within }))
}

fn undecided(known: &Incident, number: usize) -> Result<usize, Refusal> {
    let found = number.checked_sub(1).and_then(|place| known.decisions.get(place));
    let found = found.ok_or(Refusal::Agenda(Agenda::NoDecision { number, of: known.decisions.len() }))?;
    match &found.made {
        None => Ok(found.options.len()),
        Some(_) => Err(Refusal::Agenda(Agenda::Decided { number })),
    }
}

pub(super) fn object(c: Context<'_>, id: &IncidentId, number: usize, text: &str) -> Result<Vec<Event>, Refusal> {
    undecided(open(c, id)?, number)?;
    let text = words::text("objection", text)?;
    Ok(decision(id, number, DecisionChange::Objected { text }))
}

pub(super) fn make(
    c: Context<'_>,
    id: &IncidentId,
    number: usize,
    (option, why, again): (usize, &str, Option<Span>),
) -> Result<Vec<Event>, Refusal> {
    let options = undecided(open(c, id)?, number)?;
    if !(1..=options).contains(&option) {
        return Err(Refusal::Agenda(Agenda::NoOption { option, of: options }));
    }
    let why = words::text("reason", why)?;
    Ok(decision(id, number, DecisionChange::Made { option, why, again }))
}
