//! Stopping an automatic failover that is counted down: with one key, without a box, from wherever one is.

use super::{App, is_key};
use crate::console::actions::by_id;
use crate::console::key::{Key, Mods};
use crate::console::layer::{Desk, Letters};
use crate::console::message::{Answer, Ticket};
use crate::console::theme::Role;
use crate::core::command::Command;
use crate::core::ids::PlanId;
use crate::text;

impl App {
    /// Whether something is counted down.
    pub(crate) fn counts_down(&self) -> Result<(), String> {
        match self.model.countdowns().next() {
            Some(_) => Ok(()),
            None => Err("no automatic failover is counted down".to_owned()),
        }
    }

    /// Whether a key stops what is counted down now: any of its keys, and a letter only where letters are not typed.
    pub(super) fn stops_with(&self, key: Key) -> bool {
        let typing = self.layers.last().is_some_and(|top| top.letters() == Letters::Text);
        let meant = by_id("stop-automation").is_some_and(|stop| is_key(stop, key));
        meant && (key.mods.has(Mods::CTRL) || !typing) && self.counts_down().is_ok()
    }

    /// Stops all that is counted down.
    pub(crate) fn stop_automation(&mut self) {
        if !self.model.is_up() {
            self.model.dropped += 1;
            return;
        }
        let plans: Vec<PlanId> = self.model.countdowns().map(|(loaded, _)| loaded.plan.id.clone()).collect();
        for plan in plans {
            let command = Command::StopAutomation { plan, reason: None };
            if let Err(why) = self.model.would_take(&command) {
                self.say(format!("NOT stopped: {why}"), Role::Bad);
                continue;
            }
            let mut desk = Desk {
                model: &self.model,
                place: &mut self.place,
                drafts: &mut self.drafts,
                effects: &mut self.effects,
                tickets: &mut self.tickets,
                toast: &mut self.toast,
            };
            self.stops.push(desk.send(command));
        }
    }

    /// Says what became of it, if it is the answer to that.
    pub(super) fn stop_answered(&mut self, ticket: Ticket, answer: &Answer) {
        let Some(at) = self.stops.iter().position(|sent| *sent == ticket) else { return };
        self.stops.remove(at);
        match answer {
            Answer::Yes(_) => {
                self.say("✓ automatic failover stopped and disarmed; arm lets it begin again", Role::Good)
            }
            Answer::No(trouble) => self.say(format!("NOT stopped: {}", text::trouble(trouble)), Role::Bad),
            Answer::NotSent(why) => self.say(format!("NOT stopped: not sent: {why}"), Role::Bad),
            Answer::Unsure(why) => self.say(format!("No answer ({why}): stop it again"), Role::Bad),
        }
    }
}
