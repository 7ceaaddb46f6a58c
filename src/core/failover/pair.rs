//! Which site serves what, what was fenced, and what moved last.

use std::collections::BTreeSet;

use super::super::ids::{ComponentId, RunId, SiteId};
use super::super::state::Loaded;
use super::super::time::Now;
use super::{Fenced, MOVES_KEPT, Moved};

impl Loaded {
    /// The site that serves a component now, by what happened.
    #[must_use]
    pub fn active_of(&self, component: &ComponentId) -> Option<&SiteId> {
        self.moved_apart.get(component).or(self.active.as_ref())
    }

    /// The newest thing that cut a site off, if something did and nothing took it back.
    #[must_use]
    pub fn fence_of(&self, site: &SiteId) -> Option<&Fenced> {
        self.fences.get(site)
    }

    /// The last failover between two sites, whichever way it went.
    #[must_use]
    pub fn last_move(&self, one: &SiteId, other: &SiteId) -> Option<&Moved> {
        let of_pair =
            |moved: &&Moved| (moved.from == *one && moved.to == *other) || (moved.from == *other && moved.to == *one);
        self.moves.iter().rev().find(of_pair)
    }

    /// Another site serves now: all of the plan, or these components.
    pub fn activate(&mut self, run: Option<RunId>, site: &SiteId, components: &BTreeSet<ComponentId>, at: &Now) {
        let before = match components.first() {
            Some(one) => self.active_of(one).cloned(),
            None => self.active.clone(),
        };
        if components.is_empty() {
            self.active = Some(site.clone());
            self.moved_apart.clear();
        } else {
            let moved = components.iter().map(|id| (id.clone(), site.clone()));
            self.moved_apart.extend(moved);
            let active = self.active.clone();
            self.moved_apart.retain(|_, at| active.as_ref() != Some(at));
        }
        // What serves is cut off no more.
        self.fences.remove(site);
        if let (Some(run), Some(from)) = (run, before) {
            let (to, at, components) = (site.clone(), at.clone(), components.clone());
            self.moves.push(Moved { run, from, to, at, components });
            let surplus = self.moves.len().saturating_sub(MOVES_KEPT);
            self.moves.drain(..surplus);
        }
    }
}
