//! What a launch would do, step by step, before anything acts.

use std::collections::BTreeMap;

use crate::console::canvas::{Canvas, Row, count, round, wrap};
use crate::console::place::View;
use crate::console::rail::Rails;
use crate::console::screens;
use crate::console::shape::{Shape, What, label};
use crate::console::theme::Role;
use crate::core::command::Options;
use crate::core::decide::Launch;
use crate::core::failover::{Finding as Guarded, Guard, MoveKind, Says, Sides};
use crate::core::ids::StepId;
use crate::core::plan::{Action, Gate, Part, Purpose, Return, Step, Ungraceful};
use crate::core::preview::{Expected, Preview as Laid, Row as Looked};
use crate::core::refusal::Refusal;
use crate::core::template::Values;
use crate::text::{self, Pair};
use crate::wire::{AskedChecks, Check, Finding};

use super::options;
use crate::console::boxes::findings;

/// A launch, laid out.
pub(super) struct Preview {
    /// The newest entry that it takes into account.
    pub(super) seq: u64,
    steps: Vec<Step>,
    /// By place.
    rows: BTreeMap<usize, Looked>,
    shape: Shape,
    refused: Option<String>,
    /// What guards found, between which sites.
    guards: Vec<Guarded>,
    pair: Pair,
    /// Which kind of failover, between which sites.
    is: Option<String>,
    kind: Option<MoveKind>,
    takes: String,
    values: Values,
    lanes: u32,
    options: Options,
}

impl Preview {
    /// # Errors
    /// The sentence for why it cannot even be laid out.
    pub(super) fn of(view: View<'_>, asked: &AskedChecks) -> Result<Preview, String> {
        let AskedChecks { incident, plan, procedure, values, options } = asked;
        let launch = Launch { incident, plan, procedure, values, options };
        view.model.preview(launch, |preview| {
            let laid_out = &preview.launched.laid_out;
            Preview {
                seq: view.model.seq,
                steps: laid_out.procedure.steps.clone(),
                rows: preview.rows.iter().map(|row| (row.place, row.clone())).collect(),
                shape: Shape::of(&laid_out.procedure.steps, &laid_out.graph),
                refused: preview.refused.as_ref().map(|why| match why {
                    // What each of them found stands below.
                    Refusal::Guarded { refused, .. } => {
                        format!("guard {}", text::refusing(refused).unwrap_or_default())
                    }
                    other => text::refusal(other),
                }),
                pair: sides(&preview),
                is: text::move_of(&preview),
                kind: preview.launched.move_kind,
                guards: preview.guards.clone(),
                takes: takes(&preview),
                values: preview.launched.values.clone(),
                lanes: laid_out.procedure.lanes.run,
                options: options.clone(),
            }
        })
    }

    /// How many steps and lists there are to scroll through.
    pub(super) fn count(&self) -> usize {
        self.shape.nodes.len()
    }

    /// Above the steps: whether it may begin, how much there is, what was checked, how it differs.
    pub(super) fn head(&self, view: View<'_>, asked: &AskedChecks, width: usize) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut put = |sign: &str, words: &str, role: Role| {
            for (index, line) in wrap(words, width.saturating_sub(2)).into_iter().take(3).enumerate() {
                let sign = if index == 0 { sign } else { " " };
                rows.push(Row::of(sign, role).gap(1).with(line, role));
            }
        };
        if let Some(why) = &self.refused {
            put("✗", &format!("REFUSED if launched now: {why}"), Role::Bad);
        }
        for one in self.guards.iter().filter(|one| one.says != Says::Pass) {
            let (sign, role, _) = findings::looks(one.says);
            put(sign, &text::guard_sentence(&self.pair, one), role);
            if one.says == Says::Refuse {
                put(" ", &format!("what helps: {}", text::guard_way_out(one)), Role::Text);
            }
        }
        let hold = self.guards.iter().filter(|one| one.says == Says::Pass).count();
        if let Some(is) = &self.is {
            put("·", &format!("{is}: {hold} of {} guards hold", self.guards.len()), Role::Text);
        }
        put("·", &self.facts(), Role::Text);
        put("·", &self.takes, Role::Text);
        match view.model.checks.as_ref().filter(|(of, _)| **of == *asked).map(|(_, found)| found) {
            None => put("?", "not checked yet: what it rests on is being looked at", Role::Unknown),
            Some(Err(why)) => put("?", &format!("NOT checked: {why}"), Role::Unknown),
            Some(Ok(checks)) if checks.is_empty() => put("·", "it rests on nothing that could be checked", Role::Dim),
            Some(Ok(checks)) => {
                let bad: Vec<&Check> = checks.iter().filter(|check| check.finding == Finding::Bad).collect();
                let good = checks.len() - bad.len();
                let all = format!("checked now: {good} of {} as it must be", checks.len());
                put(if bad.is_empty() { "✓" } else { "✗" }, &all, if bad.is_empty() { Role::Good } else { Role::Bad });
                for check in bad.into_iter().take(3) {
                    put("✗", &format!("{}: {}", check.name, check.says), Role::Bad);
                }
            }
        }
        if let Some(differs) = options::summary(&self.options) {
            put("!", &format!("OPTIONS: {differs}"), Role::Warn);
        }
        rows
    }

    pub(super) fn has_guards(&self) -> bool {
        !self.guards.is_empty()
    }

    /// The first guard that refuses and can be overridden.
    pub(super) fn glass(&self) -> Option<Guard> {
        let mut refused = self.guards.iter().filter(|one| one.says == Says::Refuse);
        refused.find(|one| one.guard.can_be_overridden()).map(|one| one.guard)
    }

    /// What each guard found.
    pub(super) fn guards(&self, view: View<'_>, width: usize) -> Vec<Row> {
        self.guards.iter().flat_map(|one| findings::rows(&view.model.state, &self.pair, one, width)).collect()
    }

    fn facts(&self) -> String {
        let steps = self.rows.values().filter_map(|row| self.steps.get(row.place));
        let counted: Vec<&Step> = steps.filter(|step| step.counts()).collect();
        let gates = counted.iter().filter(|step| matches!(step.action, Action::Gate(_))).count();
        let mut words = vec![count(counted.len(), "step"), format!("up to {} side by side", self.lanes)];
        words.push(count(gates, "gate"));
        let no_return: Vec<String> = self
            .rows
            .values()
            .filter(|row| self.way_back(row) == Return::None)
            .map(|row| (row.place + 1).to_string())
            .collect();
        if no_return.is_empty() {
            words.push("no step without return".to_owned());
        } else {
            words.push(format!("NO RETURN after {}", text::some_of(&no_return, 6)));
        }
        words.join(", ")
    }

    fn way_back(&self, row: &Looked) -> Return {
        self.steps.get(row.place).map_or(Return::Open, |step| step.way_back)
    }

    /// Draws the steps from that one on.
    pub(super) fn draw(&self, area: &mut Canvas<'_>, view: View<'_>, asked: &AskedChecks, top: usize) {
        let width = area.columns();
        let mut y = 0;
        for at in top..self.count() {
            if y >= area.height() {
                return;
            }
            let (left, right, more) = self.lines(view, asked, at, width);
            area.both(y, &left, &right);
            y += 1;
            for row in more {
                area.row(y, &row);
                y += 1;
            }
        }
    }

    fn lines(&self, view: View<'_>, asked: &AskedChecks, at: usize, width: usize) -> (Row, Row, Vec<Row>) {
        let node = u32::try_from(at).unwrap_or(u32::MAX);
        let all = |at: usize| u32::try_from(at).ok();
        let rail = Rails { shape: &self.shape, count: self.count(), node_at: &all }.row(at);
        let digits = self.steps.len().max(1).ilog10() as usize + 1;
        let nothing = || (Row::new(), Row::new(), Vec::new());
        match self.shape.node(node).map(|n| &n.what) {
            Some(What::Group(_, name)) => {
                let passes = self.shape.under(Some(node)).count();
                let row = Row::text(" ".repeat(digits + 1)).and(rail).with(name, Role::Strong);
                (row.with(format!("   {passes} times"), Role::Dim), Row::new(), Vec::new())
            }
            Some(What::Step(place)) => {
                let place = *place as usize;
                let (Some(step), Some(row)) = (self.steps.get(place), self.rows.get(&place)) else { return nothing() };
                let gate = matches!(step.action, Action::Gate(_));
                let name = Row::of(format!("{:>digits$} ", place + 1), Role::Dim).and(rail);
                let name = name.with(label(step), if gate { Role::NoReturn } else { Role::Dim });
                let name = name.with(self.shape.name(node, step), Role::Strong);
                let indent = digits + 3;
                let does = wrap(&self.does(step, node), width.saturating_sub(indent));
                let mut more: Vec<Row> =
                    does.into_iter().take(3).map(|line| Row::new().gap(indent).with(line, Role::Text)).collect();
                more.extend(self.people(view, asked, step).map(|row| Row::new().gap(indent).and(row)));
                more.extend(checked(view, asked, step).map(|row| Row::new().gap(indent).and(row)));
                (name, self.marks(step, row, node), more)
            }
            None => nothing(),
        }
    }

    fn is_call(&self, node: u32) -> bool {
        let mends = |at: u32| match self.shape.node(at).map(|n| &n.what) {
            Some(What::Step(place)) => {
                self.steps.get(*place as usize).is_some_and(|s| matches!(s.purpose, Purpose::Mend(_)))
            }
            _ => false,
        };
        self.shape.under(Some(node)).any(|under| !mends(under))
    }

    fn does(&self, step: &Step, node: u32) -> String {
        if self.is_call(node) {
            return "does another procedure: its steps follow".to_owned();
        }
        let mut values = self.values.clone();
        values.extend(step.origin.secrets.iter().map(|(name, secret)| (name.clone(), secret.to_string())));
        values.extend(step.origin.values.clone());
        let does = screens::does(step, &values);
        let host = step.host.as_ref().map(|host| host.fill(&values).unwrap_or_else(|_| host.source().to_owned()));
        let when = step.when.as_ref().map_or(String::new(), |when| format!("; only when {when}"));
        format!("{does}{}{when}", host.map_or(String::new(), |host| format!(" on {host}")))
    }

    /// How long it takes, and whether there is a way back.
    fn marks(&self, step: &Step, row: &Looked, node: u32) -> Row {
        if step.part.is_some_and(|part: Part| self.options.without.contains(&part))
            && !matches!(step.action, Action::Gate(_))
        {
            return Row::of("LEFT OUT ", Role::Warn);
        }
        match step.ungraceful.as_ref().filter(|_| self.kind == Some(MoveKind::Emergency)) {
            Some(Ungraceful::LeftOut) => return Row::of("LEFT OUT: EMERGENCY ", Role::Warn),
            Some(Ungraceful::Instead(_)) => return Row::of("FORM FOR EMERGENCIES ", Role::Warn),
            None => {}
        }
        let time = match row.expected {
            _ if self.is_call(node) => return Row::new(),
            Expected::Earlier { median, runs } => format!("~{median} in {}", count(runs, "run")),
            Expected::Estimate(span) => format!("estimate {}", round(span)),
            Expected::Unknown if step.action.is_for_people() => String::new(),
            Expected::Unknown => "time unknown".to_owned(),
        };
        let acts = !step.action.only_looks() && !matches!(step.action, Action::Gate(_));
        let back = match (step.way_back, &row.undo) {
            (Return::None, _) => Row::of("NO RETURN", Role::NoReturn),
            (Return::Open, Some(_)) => Row::of("can be undone", Role::Good),
            (Return::Open, None) if acts => Row::of("no undo", Role::Warn),
            (Return::Open, None) => Row::new(),
        };
        let row = Row::of(time, Role::Dim).gap(2).and(back);
        row.gap(1)
    }

    /// Who could confirm a gate now.
    fn people(&self, view: View<'_>, asked: &AskedChecks, step: &Step) -> Option<Row> {
        let Action::Gate(Gate { roles, .. }) = &step.action else { return None };
        if roles.is_empty() {
            return None;
        }
        let incident = view.model.state.incidents.get(&asked.incident)?;
        let holds = roles.iter().filter_map(|role| incident.roles.get(role)).map(|who| view.model.name(who));
        let mut names: Vec<String> = holds.collect();
        names.dedup();
        Some(match names.is_empty() {
            true => Row::of("NOBODY holds such a role now: A assigns one", Role::Warn),
            false => Row::of(format!("now: {}", text::all_of(&names)), Role::Dim),
        })
    }
}

/// The two sites of what would be launched.
fn sides(preview: &Laid<'_>) -> Pair {
    let launched = &preview.launched;
    Sides::of(&launched.loaded.plan, &launched.laid_out.procedure).as_ref().map(Pair::from).unwrap_or_default()
}

/// How long it would take, and what that rests on.
fn takes(preview: &Laid<'_>) -> String {
    let Some(told) = &preview.forecast else { return "takes an unknown time".to_owned() };
    let rests = text::forecast_basis(told);
    let rests = if rests.is_empty() { rests } else { format!("; {rests}") };
    format!("takes {}, people's time aside{rests}", text::forecast_takes(told))
}

/// What was found when a precondition was looked at.
fn checked(view: View<'_>, asked: &AskedChecks, step: &Step) -> Option<Row> {
    if step.purpose != Purpose::Precondition {
        return None;
    }
    let known = view.model.checks.as_ref().filter(|(of, _)| **of == *asked);
    let Some((_, Ok(checks))) = known else { return Some(Row::of("? not checked yet", Role::Unknown)) };
    let found = |id: &StepId| checks.iter().find(|check| check.step.as_ref() == Some(id));
    Some(match found(&step.id) {
        Some(Check { finding: Finding::Good, says, .. }) => Row::of(format!("✓ now: {says}"), Role::Good),
        Some(Check { finding: Finding::Bad, says, .. }) => Row::of(format!("✗ now: {says}"), Role::Bad),
        None => Row::of("? it cannot be looked at before the run", Role::Unknown),
    })
}
