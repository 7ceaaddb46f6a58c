//! The incident in focus: steps, output, sites, people and what happened, on one page.

use super::run::banner;
use super::{head, sites, steps, team, timeline};
use crate::console::canvas::{Canvas, Row, wrap};
use crate::console::edit::Focus;
use crate::console::list::{self, Line, List};
use crate::console::place::{Panel, Screen, Thing, View};
use crate::console::theme::Role;
use crate::console::waits::Whose;
use crate::core::health::{self, SiteVerdict, Verdict};
use crate::core::incident::Phase;
use crate::core::run::Run;
use crate::core::state::Loaded;

/// From this size on everything is shown side by side.
const WIDE: (u16, u16) = (120, 32);

/// Whether a page of that size shows everything side by side.
pub(crate) fn is_wide(width: u16, height: u16) -> bool {
    width >= WIDE.0 && height >= WIDE.1
}

/// The list of the panel that has the keys.
pub(crate) fn lines(view: View<'_>) -> Box<dyn List + '_> {
    panel_lines(view, view.place.panel, 80)
}

fn panel_lines(view: View<'_>, panel: Panel, width: usize) -> Box<dyn List + '_> {
    match panel {
        Panel::Now => super::steps_of_run(view, width),
        Panel::Sites => Box::new(sites::tree(view, width)),
        Panel::Team => Box::new(team::lines(view)),
        Panel::Others => Box::new(others(view)),
        Panel::Timeline => Box::new(timeline::newest(view)),
    }
}

/// Draws it.
pub(crate) fn draw(body: &mut Canvas<'_>, view: View<'_>) {
    if is_wide(body.width(), body.height() + 6) {
        return wide(body, view);
    }
    tabs(body, view);
    let (width, height) = (body.width(), body.height());
    let mut rest = body.part(0, 1, width, height.saturating_sub(1));
    match view.place.panel {
        Panel::Now => now(&mut rest, view),
        other => panel(&mut rest, view, other, Focus::Yes),
    }
}

/// The panels' names with their digits; `!` where something stands out.
fn tabs(body: &mut Canvas<'_>, view: View<'_>) {
    let mut row = Row::new();
    for (index, panel) in Panel::ALL.into_iter().enumerate() {
        let name = format!("{} {}{}", index + 1, panel.name(), mark(view, panel));
        row = match panel == view.place.panel {
            true => row.with(format!("[{name}]"), Role::LineFocus),
            false => row.with(format!(" {name} "), Role::Text),
        };
    }
    body.rule(0, &row, Role::Line);
    let Some(run) = view.run() else { return };
    let id = Row::text(format!(" {} ", run.id));
    let room = body.columns().saturating_sub(row.width() + id.width() + 4);
    let far = id.and(super::run::progress_within(run, room)).gap(1);
    body.put(fit(body.columns().saturating_sub(far.width() + 1)), 0, &far);
}

fn mark(view: View<'_>, panel: Panel) -> String {
    let incident = view.incident();
    match panel {
        Panel::Team
            if incident.is_some_and(|i| i.phase.is_declared() && !i.roles.contains_key("incident_commander")) =>
        {
            "!".to_owned()
        }
        Panel::Others => match view.model.state.open_incidents().count().saturating_sub(1) {
            0 => String::new(),
            others => format!(":{others}"),
        },
        _ => String::new(),
    }
}

fn panel(area: &mut Canvas<'_>, view: View<'_>, panel: Panel, focus: Focus) {
    let lines = panel_lines(view, panel, area.columns());
    let chosen = view.place.chosen.get(&(Screen::WarRoom, panel));
    let default = view.step().map(|(run, _, step, _)| Thing::Step(run.id, step.id.clone()));
    let lines = lines.as_ref();
    let cursor = list::cursor(lines, chosen, default.as_ref());
    if lines.count() == 0 {
        area.row(0, &Row::of(format!("  {}", nothing(panel)), Role::Dim));
    }
    list::draw(area, lines, cursor, focus);
}

fn nothing(panel: Panel) -> &'static str {
    match panel {
        Panel::Now => "nothing runs; L launches a runbook",
        Panel::Sites => "no plan, so no sites",
        Panel::Team => "nobody has a role yet; A assigns one",
        Panel::Others => "no other incident",
        Panel::Timeline => "nothing has happened yet",
    }
}

/// How the rows of a small page are shared out: steps first, then what happened, sites, output.
struct Shares {
    steps: u16,
    output: u16,
    sites: u16,
}

fn shares(height: u16, steps: u16, sites: u16, has_output: bool) -> Shares {
    let sites = sites.min(4);
    // A rule stands above each part but the first.
    let room = height.saturating_sub(2 + u16::from(has_output) + sites);
    let steps = steps.clamp(1, room.saturating_sub(3).max(1));
    let left = room.saturating_sub(steps);
    let latest = if has_output { left.div_ceil(2).max(2).min(left) } else { left };
    Shares { steps, sites, output: left - latest }
}

/// Everything of the incident on one small page.
fn now(area: &mut Canvas<'_>, view: View<'_>) {
    let (width, height) = (area.width(), area.height());
    let sites = sites_rows(view, area.columns());
    let summary = summary(view, area.columns());
    let run = view.run();
    let count = run.map_or(summary.len(), |run| step_rows(view, run, area.columns()));
    let shares = shares(height, fit(count), fit(sites.len()), super::run::wanted(view).is_some());
    let mut top = area.part(0, 0, width, shares.steps);
    match run {
        Some(run) => run_steps(&mut top, view, run, Focus::Yes),
        None => summary.iter().zip(0..).for_each(|(row, y)| top.row(y, row)),
    }
    let mut y = shares.steps;
    if shares.output > 0 {
        output(&mut area.part(0, y, width, shares.output + 1), view);
        y += shares.output + 1;
    }
    area.rule(y, &Row::of("sites", Role::Text), Role::Line);
    for (row, line) in sites.iter().zip(y + 1..y + 1 + shares.sites) {
        area.row(line, row);
    }
    y += 1 + shares.sites;
    area.rule(y, &Row::of("latest", Role::Text), Role::Line);
    latest(&mut area.part(0, y + 1, width, height.saturating_sub(y + 1)), view);
}

fn fit(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

/// The rows that a run takes when nothing is cut: its steps, and what stands above them when it does not simply go on.
fn step_rows(view: View<'_>, run: &Run, width: usize) -> usize {
    steps::Steps::of(view, run, width).count() + banner(view, run, width).len()
}

fn run_steps(area: &mut Canvas<'_>, view: View<'_>, run: &Run, focus: Focus) {
    let (width, height) = (area.width(), area.height());
    let top = banner(view, run, area.columns());
    top.iter().zip(0..).for_each(|(row, y)| area.row(y, row));
    let skip = fit(top.len());
    panel(&mut area.part(0, skip, width, height.saturating_sub(skip)), view, Panel::Now, focus);
}

/// What there is to say before anything runs.
fn summary(view: View<'_>, width: usize) -> Vec<Row> {
    let Some(incident) = view.incident() else { return calm(view) };
    let mut rows = Vec::new();
    let key = |key: &str, words: &str| Row::text("   ").with(key, Role::Key).with(format!("  {words}"), Role::Text);
    if let Some(title) = &incident.title {
        rows.extend(
            wrap(title, width.saturating_sub(2)).into_iter().map(|line| Row::of(format!(" {line}"), Role::Strong)),
        );
    }
    match &incident.phase {
        Phase::Proposed => {
            let how = if incident.causes.is_empty() { "heard of" } else { "saw" };
            let lead = Row::text(format!(" The engine {how} trouble and proposes "));
            rows.push(lead.with(incident.call_sign.as_str(), Role::Strong));
            rows.extend(causes(view));
            rows.extend(super::alerts::of_incident(view));
            rows.push(key("D", "declares it (then Enter); F2 in that box says that it is none"));
        }
        phase => {
            let lead = format!(" {} is {}. ", incident.call_sign, phase.word());
            rows.push(Row::text(lead).with("Nothing runs.", Role::Strong));
            rows.extend(causes(view));
            rows.extend(super::alerts::of_incident(view));
            rows.push(key("L", "launches a runbook"));
            rows.push(key("U", "tells the world"));
        }
    }
    rows
}

/// The probes whose trouble it is, with their evidence.
fn causes(view: View<'_>) -> Vec<Row> {
    let (Some(incident), Some(loaded)) = (view.incident(), view.loaded()) else { return Vec::new() };
    let of = |id| loaded.probes.get(id).map(|state| (id, state));
    let known = incident.causes.iter().filter_map(of);
    known
        .map(|(id, state)| {
            let since = state.since.as_ref().map_or(String::new(), |since| format!("since {}", since.utc));
            let role = head::verdict_role(state.verdict);
            Row::text("   ")
                .with(head::verdict_sign(state.verdict), role)
                .with(format!(" {id} "), Role::Strong)
                .with(crate::text::verdict(state.verdict), role)
                .with(format!(" {since}  {}", state.why), Role::Text)
        })
        .collect()
}

fn calm(view: View<'_>) -> Vec<Row> {
    let Some(loaded) = view.loaded() else {
        return vec![Row::of(" No plan is loaded. `warroom plan load FILE` loads one.", Role::Text)];
    };
    let all_ok = head::all_ok(loaded);
    let first = if all_ok {
        Row::of(" ✓ all ok", Role::Good)
    } else {
        Row::text(" ").and(head::trouble(loaded, head::Detail::Names))
    };
    vec![
        first,
        Row::new(),
        Row::text("   ").with("D", Role::Key).with("  declares an incident that you noticed", Role::Text),
        Row::text("   ").with("g r", Role::Key).with("  shows the runbooks", Role::Text),
        Row::text("   ").with("g h", Role::Key).with("  shows every probe with its evidence", Role::Text),
    ]
}

/// One cell for each site, as many beside one another as fit.
fn sites_rows(view: View<'_>, width: usize) -> Vec<Row> {
    let Some(loaded) = view.loaded() else { return Vec::new() };
    let cells: Vec<Row> = loaded.plan.sites.iter().map(|site| site_cell(loaded, site)).collect();
    let column = 40_usize;
    let per_row = (width / column).max(1);
    let join = |row: Row, (i, cell): (usize, &Row)| {
        let row = if i == 0 { row } else { row.tab(i * column) };
        row.and(cell.clone().cut(column - 1))
    };
    let sites = cells.chunks(per_row).map(|chunk| chunk.iter().enumerate().fold(Row::new(), join));
    sites.chain(super::failover::rows(view, width)).collect()
}

pub(super) fn site_cell(loaded: &Loaded, site: &crate::core::plan::Site) -> Row {
    let seen = loaded.counts(Some(&site.id));
    let judged = health::judge_site(loaded, &site.id);
    let (sign, role) = site_look(judged);
    let serves = if loaded.active.as_ref() == Some(&site.id) { " serves," } else { "" };
    let mut row = Row::text(" ").with(&site.name, Role::Strong).gap(1).with(sign, role).with(serves, Role::Strong);
    if loaded.fence_of(&site.id).is_some() {
        row = row.with(" FENCED,", Role::NoReturn);
    }
    let counts = [
        (Verdict::Down, "down"),
        (Verdict::Degraded, "degraded"),
        (Verdict::Unknown, "unknown"),
        (Verdict::Paused, "paused"),
        (Verdict::Ok, "ok"),
    ];
    let of = seen.all();
    for (verdict, word) in counts {
        let count = seen.of(verdict);
        let says = match (verdict, judged) {
            (Verdict::Down, SiteVerdict::Down | SiteVerdict::Partly) => {
                format!(" {}, {count} of {of}", crate::text::site_verdict(judged))
            }
            _ => format!(" {count} {word}"),
        };
        if count > 0 {
            row = row.with(says, head::verdict_role(verdict));
        }
    }
    if of == 0 { row.with(" no probes", Role::Dim) } else { row }
}

/// The sign of a site as a whole, and what it looks like.
fn site_look(verdict: SiteVerdict) -> (&'static str, Role) {
    let like = match verdict {
        SiteVerdict::Ok => Verdict::Ok,
        SiteVerdict::Paused => Verdict::Paused,
        SiteVerdict::Unknown => Verdict::Unknown,
        SiteVerdict::Degraded | SiteVerdict::Partly => Verdict::Degraded,
        SiteVerdict::Down => Verdict::Down,
    };
    (head::verdict_sign(like), head::verdict_role(like))
}

/// The end of what the running or the last command step wrote.
fn output(area: &mut Canvas<'_>, view: View<'_>) {
    let Some((of, number, name)) = super::run::wanted(view) else {
        area.rule(0, &Row::of("output", Role::Dim), Role::Line);
        return;
    };
    let title = Row::text(format!("output {number} {name}"));
    area.rule(0, &title, Role::Line);
    let Some(output) = view.model.outputs.get(&of) else { return };
    let rows = usize::from(area.height().saturating_sub(1));
    let lines = output.lines();
    let tail = lines.get(lines.len().saturating_sub(rows)..).unwrap_or_default();
    for (line, y) in tail.iter().zip(1..) {
        area.row(y, &Row::text(format!(" {line}")));
    }
}

/// The newest rows of the timeline.
fn latest(area: &mut Canvas<'_>, view: View<'_>) {
    let rows = timeline::of_focus(view).take(usize::from(area.height()));
    for (entry, y) in rows.zip(0..) {
        area.row(y, &timeline::entry_row(view, entry));
    }
}

/// Other incidents, each with what waits.
fn others(view: View<'_>) -> Vec<Line> {
    let focus = view.incident().map(|i| &i.id);
    let waiting = view.model.waits();
    let known = view.model.state.incidents.values().rev();
    let others = known.filter(|i| Some(&i.id) != focus);
    others
        .map(|incident| {
            let mine = waiting.iter().filter(|w| w.incident == incident.id && w.whose == Whose::Mine).count();
            let row = Row::text("  ").with(incident.call_sign.as_str(), Role::Strong).tab(14);
            let row = row.with(incident.phase.word(), Role::Text).tab(26);
            let row = row.with(incident.severity.to_string(), head::severity(incident.severity)).tab(36);
            let row = row.with(incident.plan.as_str(), Role::Text).gap(2);
            let row = row.with(incident.title.as_deref().unwrap_or_default(), Role::Dim);
            let waits = if mine > 0 { Row::of(format!(" {mine} for you "), Role::Waits) } else { Row::new() };
            Line::of(Thing::Incident(incident.id.clone()), row).right(waits)
        })
        .collect()
}

/// Three columns, and the timeline across the foot.
fn wide(body: &mut Canvas<'_>, view: View<'_>) {
    let (width, height) = (body.width(), body.height());
    let side = (width / 4).clamp(30, 40);
    let foot = (height / 4).max(6);
    let tall = height - foot;
    let middle = width - 2 * side - 2;
    let focus = |panel| if view.place.panel == panel { Focus::Yes } else { Focus::No };
    let sites = super::impact::foot(&mut body.part(0, 0, side, tall), view);
    titled(&mut body.part(0, 0, side, sites), view, Panel::Sites, focus(Panel::Sites));
    centre(&mut body.part(side + 1, 0, middle, tall), view, focus(Panel::Now));
    let team = tall * 3 / 5;
    let x = side + middle + 2;
    titled(&mut body.part(x, 0, side, team), view, Panel::Team, focus(Panel::Team));
    titled(&mut body.part(x, team, side, tall - team), view, Panel::Others, focus(Panel::Others));
    titled(&mut body.part(0, tall, width, foot), view, Panel::Timeline, focus(Panel::Timeline));
}

fn panel_rule(area: &mut Canvas<'_>, view: View<'_>, which: Panel, focus: Focus) {
    let number = Panel::ALL.iter().position(|p| *p == which).unwrap_or(0) + 1;
    let name = format!("{number} {}{}", which.name(), mark(view, which));
    let (words, line) = match focus {
        Focus::Yes => (Row::of(format!("[{name}]"), Role::LineFocus), Role::LineFocus),
        Focus::No => (Row::of(format!(" {name} "), Role::Text), Role::Line),
    };
    area.rule(0, &words, line);
}

fn titled(area: &mut Canvas<'_>, view: View<'_>, which: Panel, focus: Focus) {
    panel_rule(area, view, which, focus);
    let (width, height) = (area.width(), area.height());
    panel(&mut area.part(0, 1, width, height.saturating_sub(1)), view, which, focus);
}

/// Steps above, output below.
fn centre(area: &mut Canvas<'_>, view: View<'_>, focus: Focus) {
    panel_rule(area, view, Panel::Now, focus);
    let (width, height) = (area.width(), area.height());
    let Some(run) = view.run() else {
        let rows = summary(view, area.columns());
        return rows.iter().zip(1..).for_each(|(row, y)| area.row(y, row));
    };
    let steps = fit(step_rows(view, run, area.columns())).min(height.saturating_sub(4));
    run_steps(&mut area.part(0, 1, width, steps), view, run, focus);
    let y = steps + 1;
    output(&mut area.part(0, y, width, height.saturating_sub(y)), view);
}
