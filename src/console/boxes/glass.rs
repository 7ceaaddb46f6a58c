//! Breaking the glass: a guard is overridden, loudly. What it found is shown; the reason and the guard's name are typed, never
//! pasted.

use crate::console::canvas::{Canvas, Row, wrap};
use crate::console::edit::{Edit, Focus};
use crate::console::key::{Code, Key};
use crate::console::layer::{Desk, Layer, Next, framed, inside};
use crate::console::message::{Answer, Ticket};
use crate::console::place::View;
use crate::console::theme::Role;
use crate::core::command::{Command, Options};
use crate::core::decide::Launch;
use crate::core::failover::{Finding, GLASS_COUNTS, GLASS_WAITS, Guard, Says, Sides};
use crate::core::gate::view as look;
use crate::core::ids::IncidentId;
use crate::core::plan::{Plan, Procedure, ProcedureKind};
use crate::core::template::Values;
use crate::text::{self, Pair};

use super::{Sent, findings};

/// Columns of a label.
const LABEL: usize = 24;

/// The box.
pub(super) struct GlassBox {
    incident: IncidentId,
    /// Those that can be overridden, the ones that refuse first.
    guards: Vec<Guard>,
    chosen: usize,
    reason: Edit,
    name: Edit,
    at: FieldAt,
    sent: Sent,
    trouble: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FieldAt {
    Guard,
    Reason,
    Name,
}

/// Whether this person may, in the incident in focus.
pub(super) fn check(view: View<'_>) -> Result<(), String> {
    let incident = view.incident().ok_or_else(|| "there is no incident".to_owned())?.id.clone();
    let reason = "-".to_owned();
    view.model.would_take(&Command::BreakGlass { incident, guard: Guard::Fence, reason })
}

/// The box in the place of one at which a guard refuses; why not, where it cannot be opened.
pub(super) fn instead(desk: &mut Desk<'_>, guard: Guard) -> Next {
    match check(desk.view()).and_then(|()| GlassBox::new(desk.view())) {
        Ok(mut opened) => {
            opened.chosen = opened.guards.iter().position(|known| *known == guard).unwrap_or(0);
            Next::Replace(Box::new(opened))
        }
        Err(why) => {
            desk.say(format!("not now: {why}"), Role::Warn);
            Next::Keep
        }
    }
}

/// What guards found last: where the run in focus waits or is held, else of a failover that would be launched now.
fn found(view: View<'_>) -> (Pair, Vec<Finding>) {
    if let Some(run) = view.run().filter(|run| run.is_open() && run.move_kind.is_some()) {
        let pair = Pair::of_run(&view.model.state, run.id);
        let at_gate = run.gates().next().map(|(place, _, gate, _)| {
            look(&view.model.state, run, place, gate, view.model.readings(), &view.model.now_of(run)).guards
        });
        return (pair, at_gate.unwrap_or_else(|| run.guarded.clone()));
    }
    let launched = view.loaded().and_then(|loaded| {
        let mut failovers = loaded.plan.procedures.iter().filter(|one| one.kind == ProcedureKind::Failover);
        failovers.find_map(|procedure| of_launch(view, &loaded.plan, procedure))
    });
    launched.unwrap_or_default()
}

fn of_launch(view: View<'_>, plan: &Plan, procedure: &Procedure) -> Option<(Pair, Vec<Finding>)> {
    let incident = &view.incident()?.id;
    let values: Values = super::launch::anything(plan, procedure);
    let (procedure_id, options) = (&procedure.id, Options::default());
    let launch = Launch { incident, plan: &plan.id, procedure: procedure_id, values: &values, options: &options };
    let found = view.model.preview(launch, |preview| preview.guards).ok()?;
    let refuses = found.iter().any(|one| one.says == Says::Refuse);
    let pair = Sides::of(plan, procedure).as_ref().map(Pair::from).unwrap_or_default();
    refuses.then_some((pair, found))
}

impl GlassBox {
    pub(super) fn new(view: View<'_>) -> Result<GlassBox, String> {
        let incident = view.incident().ok_or_else(|| "there is no incident".to_owned())?;
        let (_, found) = found(view);
        let refuses = |guard: &Guard| found.iter().any(|one| one.guard == *guard && one.says == Says::Refuse);
        let mut guards: Vec<Guard> = Guard::ALL.into_iter().filter(|guard| guard.can_be_overridden()).collect();
        guards.sort_by_key(|guard| !refuses(guard));
        let at = if found.iter().any(|one| one.says == Says::Refuse) { FieldAt::Reason } else { FieldAt::Guard };
        Ok(GlassBox {
            incident: incident.id.clone(),
            guards,
            chosen: 0,
            reason: Edit::default(),
            name: Edit::default(),
            at,
            sent: Sent::No,
            trouble: None,
        })
    }

    fn guard(&self) -> Guard {
        self.guards.get(self.chosen).copied().unwrap_or(Guard::Fence)
    }

    fn submit(&mut self, desk: &mut Desk<'_>) {
        let (guard, reason) = (self.guard(), self.reason.text().trim().to_owned());
        if reason.is_empty() {
            (self.at, self.trouble) = (FieldAt::Reason, Some("It needs a reason: everybody reads it.".to_owned()));
            return;
        }
        if self.name.text() != guard.name() {
            let typed = self.name.text();
            let wrong = format!("{typed:?} is not what breaks it: {}", guard.name());
            (self.at, self.trouble) = (FieldAt::Name, (!typed.is_empty()).then_some(wrong));
            return;
        }
        let command = Command::BreakGlass { incident: self.incident.clone(), guard, reason };
        self.trouble = None;
        self.sent = Sent::Waits(match self.sent {
            Sent::Unsure(ticket) => desk.send_again(ticket, command),
            _ => desk.send(command),
        });
    }

    fn walk(&mut self, by: isize) {
        let fields = [FieldAt::Guard, FieldAt::Reason, FieldAt::Name];
        let at = fields.iter().position(|field| *field == self.at).unwrap_or(0) as isize;
        let next = at.saturating_add(by).rem_euclid(fields.len() as isize).unsigned_abs();
        self.at = fields.get(next).copied().unwrap_or(FieldAt::Guard);
    }

    /// Another guard: its name has to be typed anew.
    fn turn(&mut self, by: isize) {
        let count = self.guards.len().max(1) as isize;
        self.chosen = (self.chosen as isize).saturating_add(by).rem_euclid(count).unsigned_abs();
        self.name.clear();
        self.sent = Sent::No;
    }

    fn rows(&self, view: View<'_>, width: usize) -> Vec<Row> {
        let (pair, found) = found(view);
        let guard = self.guard();
        let mut rows = vec![Row::new()];
        match found.iter().find(|one| one.guard == guard) {
            Some(one) => rows.extend(findings::rows(&view.model.state, &pair, one, width)),
            None => {
                rows.push(Row::of(format!("   guard {} found nothing: nothing asks it now", guard.name()), Role::Dim))
            }
        }
        let told = format!(
            "It is overridden {GLASS_WAITS} from now, for {GLASS_COUNTS}. Every console counts down and can put it back; {}. It \
             is an item of the review.",
            self.told(view)
        );
        rows.push(Row::new());
        rows.extend(wrap(&told, width).into_iter().map(|line| Row::of(line, Role::Warn)));
        rows.push(Row::new());
        let lead = |words: &str, at: FieldAt| {
            Row::of(if self.at == at { "▸" } else { " " }, Role::Key).with(format!(" {words}"), Role::Text).tab(LABEL)
        };
        let of = format!("  ({} of {})", self.chosen + 1, self.guards.len());
        rows.push(lead("Guard", FieldAt::Guard).with(guard.name(), Role::Strong).with(of, Role::Dim));
        let room = width.saturating_sub(LABEL).max(1);
        rows.push(lead("Reason", FieldAt::Reason).and(self.reason.row(room, self.focus(FieldAt::Reason))));
        let words = format!("Type the name  {}", guard.name());
        rows.push(lead(&words, FieldAt::Name).gap(2).and(self.name.row(20, self.focus(FieldAt::Name))));
        rows.push(Row::new());
        if let Some(trouble) = &self.trouble {
            rows.extend(wrap(trouble, width).into_iter().map(|line| Row::of(line, Role::Bad)));
        }
        rows.push(match self.sent {
            Sent::Waits(_) => Row::of("sent, no answer yet", Role::Warn),
            _ => [("Enter", "breaks it"), ("Tab", "next"), ("Up Down", "guard"), ("Esc", "not now")].into_iter().fold(
                Row::new(),
                |row, (key, does)| {
                    let row = if row.is_empty() { row } else { row.gap(4) };
                    row.with(key, Role::Key).gap(1).with(does, Role::Text)
                },
            ),
        });
        rows
    }

    /// Who is told, over which channels.
    fn told(&self, view: View<'_>) -> String {
        let incident = view.model.state.incidents.get(&self.incident);
        let plan = incident.and_then(|known| view.model.state.plans.get(&known.plan)).map(|loaded| &loaded.plan);
        let channels = plan.map(|plan| plan.failover.leadership.iter().chain(&plan.pages).collect::<Vec<_>>());
        let mut names: Vec<String> = channels.unwrap_or_default().into_iter().map(ToString::to_string).collect();
        names.dedup();
        match names.is_empty() {
            true => "the plan names no channel that is told".to_owned(),
            false => format!("{} are told at once", text::all_of(&names)),
        }
    }

    fn focus(&self, at: FieldAt) -> Focus {
        if self.at == at { Focus::Yes } else { Focus::No }
    }
}

impl Layer for GlassBox {
    fn key(&mut self, key: Key, desk: &mut Desk<'_>) -> Next {
        match (key.code, self.at) {
            (Code::Esc, _) => return Next::Close,
            _ if matches!(self.sent, Sent::Waits(_)) => {}
            (Code::Enter, _) => self.submit(desk),
            (Code::Tab, _) => self.walk(1),
            (Code::BackTab, _) => self.walk(-1),
            (Code::Up, _) => self.turn(-1),
            (Code::Down, _) => self.turn(1),
            (_, FieldAt::Guard) => {}
            (_, FieldAt::Reason) => {
                self.reason.key(key);
                (self.sent, self.trouble) = (Sent::No, None);
            }
            (_, FieldAt::Name) => {
                self.name.key(key);
                self.trouble = None;
            }
        }
        Next::Keep
    }

    fn paste(&mut self, _text: &str, _desk: &mut Desk<'_>) {
        self.trouble = Some("Pasted text does not break the glass: type it.".to_owned());
    }

    fn answered(&mut self, ticket: Ticket, answer: &Answer, desk: &mut Desk<'_>) -> Next {
        match self.sent.answered(ticket, answer) {
            None => Next::Ignored,
            Some(Ok(())) => {
                desk.say(
                    format!("✓ guard {}: the glass is broken, {GLASS_WAITS} to go", self.guard().name()),
                    Role::Warn,
                );
                Next::Close
            }
            Some(Err(trouble)) => {
                self.trouble = Some(trouble);
                Next::Keep
            }
        }
    }

    fn draw(&self, page: &mut Canvas<'_>, view: View<'_>) {
        let incident = view.model.state.incidents.get(&self.incident);
        let rows = self.rows(view, inside(page.width()));
        let height = u16::try_from(rows.len()).unwrap_or(u16::MAX);
        let title = Row::of("BREAK THE GLASS", Role::Bad);
        framed(page, view, &title, incident.map(AsRef::as_ref), height, |area| {
            rows.iter().zip(0..).for_each(|(row, y)| area.row(y, row));
        });
    }

    fn left(&self) -> &'static str {
        self.sent.left()
    }

    fn about(&self) -> String {
        format!("break the glass of guard {}", self.guard().name())
    }
}
