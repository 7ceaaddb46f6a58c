//! What actions do that only move and show.

use super::{App, Range};
use crate::console::boxes::{Find, Help, Palette, Quit, Read};
use crate::console::canvas::Row;
use crate::console::layer::Toast;
use crate::console::list;
use crate::console::message::Effect;
use crate::console::place::{Panel, Screen, Thing};
use crate::console::screens;
use crate::console::theme::Role;
use crate::console::waits::mine;
use crate::core::ids::{RunId, StepId};
use crate::core::time::Span;

impl App {
    pub(crate) fn look(&mut self) {
        match screens::chosen(self.view()) {
            Some(Thing::Group(run, group)) => self.fold(run, group),
            // A call of a procedure is folded where its steps can be seen anyway.
            Some(Thing::Step(run, step)) if self.place.screen == Screen::Run && self.has_folds(run, &step) => {
                self.fold(run, step);
            }
            Some(Thing::Step(run, step)) => {
                self.place.run = Some(run);
                self.place.go(Screen::Run);
                self.place.chosen.insert(self.place.list(), Thing::Step(run, step));
            }
            Some(Thing::Run(run)) => {
                self.place.run = Some(run);
                self.place.go(Screen::Run);
            }
            Some(Thing::Procedure(plan, procedure)) => {
                self.place.procedure = Some((plan, procedure));
                self.place.go(Screen::Procedure);
            }
            Some(Thing::Incident(incident)) => {
                self.place.incident = Some(incident);
                self.place.run = None;
                self.place.panel = Panel::Now;
                self.place.go(Screen::WarRoom);
            }
            Some(thing) => self.read(thing),
            None => {}
        }
    }

    /// Folds what is unfolded, and the other way round.
    fn fold(&mut self, run: RunId, what: StepId) {
        let what = (run, what);
        if !self.place.turned.remove(&what) {
            self.place.turned.insert(what);
        }
    }

    fn has_folds(&self, run: RunId, step: &StepId) -> bool {
        let shape = self.model.shape(run);
        let run = self.model.state.runs.get(&run);
        run.is_some_and(|run| {
            let node = run.graph.place(step).and_then(|place| shape.node_of(place));
            node.is_some_and(|node| screens::steps::has_folds(run, shape, node))
        })
    }

    /// Shows something in full.
    fn read(&mut self, thing: Thing) {
        let view = self.view();
        let page = match thing {
            Thing::Row(seq) => view.model.rows().find(|e| e.seq == seq).map(|entry| {
                let who = Row::text(format!(
                    "{} by {}, entry {}",
                    entry.at.utc.dated(),
                    view.model.name(&entry.by),
                    entry.seq
                ));
                let text = crate::text::event_in_full(&view.model.state, entry);
                Read::new("TIMELINE", vec![who, Row::new()], text)
            }),
            Thing::Update(incident, number) => view.model.state.incidents.get(&incident).and_then(|incident| {
                let update = incident.updates.get(number.checked_sub(1)?)?;
                let who = Row::text(format!("{} by {}", update.at.utc.dated(), view.model.name(&update.by)));
                let each = update
                    .deliveries
                    .iter()
                    .map(|(channel, d)| Row::text(format!("{channel}: {}", crate::text::delivery(d))));
                let rows = std::iter::once(who).chain(each).chain([Row::new()]).collect();
                Some(Read::new(format!("UPDATE {number}"), rows, update.text.clone()))
            }),
            Thing::Probe(plan, probe) => view.model.state.plans.get(&plan).and_then(|loaded| {
                let (component, probe) = loaded.probe(&probe)?;
                let rows = screens::about_probe(view, loaded, component, probe);
                Some(Read::new(format!("PROBE {}", probe.id), rows, String::new()))
            }),
            _ => None,
        };
        if let Some(page) = page {
            self.open(Box::new(page));
        }
    }

    pub(crate) fn back(&mut self) {
        if self.place.find.take().is_some() {
            return;
        }
        if let Some(screen) = self.place.back.pop() {
            self.place.screen = screen;
            self.place.scrolled = 0;
        } else if self.place.screen != Screen::WarRoom {
            self.place.screen = Screen::WarRoom;
        } else {
            self.place.panel = Panel::Now;
        }
    }

    pub(crate) fn walk(&mut self, by: isize) {
        let view = self.view();
        let lines = screens::lines(view);
        let from = screens::at(view, lines.as_ref()).unwrap_or(0);
        let next = list::step(lines.as_ref(), from, by);
        drop(lines);
        if let Some(thing) = next {
            self.place.chosen.insert(self.place.list(), thing);
            self.place.scrolled = 0;
        }
        self.news();
    }

    pub(crate) fn page(&mut self, by: isize) {
        if self.place.screen == Screen::Run {
            let most = screens::wanted_output(self.view())
                .and_then(|(of, _, _)| self.model.outputs.get(&of))
                .map_or(0, |output| output.lines().len());
            self.place.scrolled = self.place.scrolled.saturating_add_signed(by * -8).min(most);
        } else {
            self.walk(by * 10);
        }
    }

    pub(crate) fn panel(&mut self, panel: Panel) {
        self.place.panel = panel;
        self.place.go(Screen::WarRoom);
    }

    pub(crate) fn turn_panel(&mut self, by: isize) {
        self.place.panel = self.place.panel.turn(by);
    }

    pub(crate) fn find(&mut self) {
        self.place.go(Screen::Timeline);
        self.open(Box::new(Find::default()));
    }

    pub(crate) fn palette(&mut self) {
        let palette = {
            let app: &App = self;
            Palette::new(|action| match action.on.includes(app.place.screen) {
                true => (action.check)(app),
                false => Err("not on this screen".to_owned()),
            })
        };
        self.open(Box::new(palette));
    }

    pub(crate) fn help(&mut self) {
        self.open(Box::new(Help::default()));
    }

    pub(crate) fn redraw(&mut self) {
        self.whole_page = true;
    }

    pub(crate) fn quit(&mut self) {
        if mine(&self.model).is_empty() {
            self.effects.push(Effect::Quit);
        } else {
            self.open(Box::new(Quit));
        }
    }

    pub(crate) fn has_range(&self) -> Result<(), String> {
        match self.range {
            Range::Here => Ok(()),
            Range::None => Err("there is no practice range; `warroom demo` brings one".to_owned()),
        }
    }

    pub(crate) fn say(&mut self, says: impl Into<String>, role: Role) {
        let until = self.model.at.plus(Span::from_secs(5));
        self.toast = Some(Toast { says: says.into(), role, until });
    }
}
