//! Secrets kept out of what people read: found in a stream of bytes, whatever its chunks, and replaced by `***`.
//!
//! Looked for are the secret itself, and how it reads in base64 (standard and URL-safe, padded or not, alone or inside a
//! longer text), percent-encoded and inside a JSON string; and the same for each longer line of a secret of several lines.
//! That is the best effort that can be made without knowing what a program does: one that prints a secret backwards, in
//! hexadecimal or letter by letter shows it.

mod forms;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::nfa::contiguous::NFA;
use aho_corasick::{Anchored, MatchKind};

/// What stands where a secret stood.
pub const MASK: &str = "***";

/// Shortest secret that is masked, in bytes. Shorter ones are not looked for in any form: they would be found all over
/// ordinary text, which masking would shred and thereby spell them out. No secret worth the name is that short.
pub const MIN_MASKED: usize = 4;

/// Shortest line of a secret of several lines that is masked on its own, in bytes.
pub const MIN_LINE: usize = 8;

/// Longest secret, or line of one, that is looked for in other forms than its own, in bytes: a bound for memory.
pub const MAX_ENCODED: usize = 8 * 1024;

/// Most bytes of all forms together: some 200 MB of memory. With more, nothing of a stream is let through but one [`MASK`].
pub const MAX_FORMS: usize = 8 * 1024 * 1024;

/// Masks secrets in one stream of bytes. A clone made before the first [`push`](Masker::push) serves another stream without
/// doing the preparation again.
#[derive(Clone)]
pub struct Masker {
    sought: Sought,
    /// What may still be the beginning of a form.
    held: Vec<u8>,
    /// How much of `held` the automaton has read.
    read: usize,
    state: StateID,
    /// Where in `held` the best form so far stands, while a longer or earlier one is still possible.
    found: Option<Range<usize>>,
}

#[derive(Clone)]
enum Sought {
    /// There are no secrets.
    Nothing,
    These(Arc<Forms>),
    /// More than can be looked for: what passes could hold any of it, and so nothing does.
    TooMuch,
}

/// All forms of all secrets, as an automaton that finds the leftmost and longest.
struct Forms {
    automaton: NFA,
    start: StateID,
    /// By state of the automaton.
    places: Vec<Place>,
}

/// Where among the forms a state of the automaton stands.
#[derive(Clone, Copy, Default)]
struct Place {
    /// How many of the bytes read last are the beginning of a form.
    depth: u32,
    /// Whether a form goes on from here.
    inner: bool,
}

impl Masker {
    /// Prepares to mask these secrets; see [`MIN_MASKED`] for those that are too short.
    pub fn new(secrets: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Masker {
        let mut all: Vec<_> = secrets.into_iter().flat_map(|secret| forms::of(secret.as_ref())).collect();
        all.sort_unstable();
        all.dedup();
        Masker::idle(Sought::new(&all))
    }

    fn idle(sought: Sought) -> Masker {
        let state = if let Sought::These(forms) = &sought { forms.start } else { StateID::default() };
        Masker { sought, held: Vec::new(), read: 0, state, found: None }
    }

    /// Takes the next bytes of the stream, and appends to `out` all that is settled: what may be the beginning of a secret
    /// is held back, and nothing else is.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        match self.sought.clone() {
            Sought::Nothing => out.extend_from_slice(chunk),
            Sought::These(forms) => {
                self.held.extend_from_slice(chunk);
                self.advance(&forms, out);
            }
            // Once for the stream.
            Sought::TooMuch if self.read == 0 && !chunk.is_empty() => {
                mask(b"", out);
                self.read = 1;
            }
            Sought::TooMuch => {}
        }
    }

    /// The stream has ended: appends what was held back, and is ready for another stream.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        if let Sought::These(forms) = self.sought.clone() {
            while let Some(found) = self.found.take() {
                mask(&self.held[..found.start], out);
                self.held.drain(..found.end);
                (self.read, self.state) = (0, forms.start);
                self.advance(&forms, out);
            }
        }
        out.append(&mut self.held);
        *self = Masker::idle(self.sought.clone());
    }

    /// A whole text with its secrets masked; no part of any stream.
    #[must_use]
    pub fn mask_text(&self, text: &str) -> String {
        let mut masker = Masker::idle(self.sought.clone());
        let mut out = Vec::with_capacity(text.len());
        masker.push(text.as_bytes(), &mut out);
        masker.finish(&mut out);
        // A secret that is no text may have begun or ended within a character.
        String::from_utf8_lossy(&out).into_owned()
    }

    fn advance(&mut self, forms: &Forms, out: &mut Vec<u8>) {
        let mut passed = 0;
        while let Some(byte) = self.held.get(self.read) {
            self.state = forms.automaton.next_state(Anchored::No, self.state, *byte);
            self.read += 1;
            if forms.automaton.is_match(self.state) {
                let form = forms.automaton.match_pattern(self.state, 0);
                self.found = Some(self.read - forms.automaton.pattern_len(form)..self.read);
            }
            if forms.place(self.state).inner {
                continue;
            }
            // What was found cannot become longer. The bytes after it, already read in search of more, are read again.
            if let Some(found) = self.found.take() {
                mask(&self.held[passed..found.start], out);
                (passed, self.read) = (found.end, found.end);
            }
            self.state = forms.start;
        }
        let settled = self.read - forms.place(self.state).depth as usize;
        out.extend_from_slice(&self.held[passed..settled]);
        self.held.drain(..settled);
        self.read -= settled;
        self.found = self.found.take().map(|found| found.start - settled..found.end - settled);
    }
}

fn mask(before: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(before);
    out.extend_from_slice(MASK.as_bytes());
}

impl Sought {
    fn new(forms: &[Vec<u8>]) -> Sought {
        match forms.iter().map(Vec::len).sum() {
            0 => Sought::Nothing,
            1..=MAX_FORMS => Forms::new(forms).map_or(Sought::TooMuch, |forms| Sought::These(Arc::new(forms))),
            _ => Sought::TooMuch,
        }
    }
}

impl Forms {
    /// `None` when it is more than an automaton holds.
    fn new(forms: &[Vec<u8>]) -> Option<Forms> {
        let automaton = NFA::builder().match_kind(MatchKind::LeftmostLongest).build(forms).ok()?;
        let start = automaton.start_state(Anchored::No).ok()?;
        let mut places = vec![];
        for form in forms {
            let mut state = start;
            for (depth, byte) in (0..).zip(form) {
                mark(&mut places, state, Place { depth, inner: true });
                state = automaton.next_state(Anchored::No, state, *byte);
            }
            let inner = places.get(state.as_usize()).is_some_and(|place: &Place| place.inner);
            mark(&mut places, state, Place { depth: u32::try_from(form.len()).ok()?, inner });
        }
        Some(Forms { automaton, start, places })
    }

    fn place(&self, state: StateID) -> Place {
        self.places.get(state.as_usize()).copied().unwrap_or_default()
    }
}

fn mark(places: &mut Vec<Place>, state: StateID, place: Place) {
    let at = state.as_usize();
    if at >= places.len() {
        places.resize(at + 1, Place::default());
    }
    if let Some(slot) = places.get_mut(at) {
        *slot = place;
    }
}

impl fmt::Debug for Masker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let forms = match &self.sought {
            Sought::Nothing => Some(0),
            Sought::These(forms) => Some(forms.automaton.patterns_len()),
            Sought::TooMuch => None,
        };
        f.debug_struct("Masker").field("forms", &forms).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
