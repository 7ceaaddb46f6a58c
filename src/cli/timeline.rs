//! `warroom timeline`

use clap::Args;

use super::feed::Feed;
use super::out::{Format, Out};
use super::session::Session;
use super::{Globals, Outcome, find};
use crate::core::ids::IncidentId;
use crate::core::state::{Entry, State};
use crate::core::time::Moment;
use crate::text;

/// Shows what happened, oldest first
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  warroom timeline --limit 20\n  warroom timeline KESTREL --follow")]
pub(super) struct Timeline {
    /// Of one incident, by call-sign or identifier; everything when left out
    incident: Option<String>,
    /// How many entries back
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Go on printing what happens
    #[arg(long, short)]
    follow: bool,
}

impl Timeline {
    pub(super) async fn run(self, globals: &Globals, out: &mut Out) -> Outcome {
        let session = Session::open(globals).await?;
        let snapshot = session.snapshot().await?;
        let incident = self.incident.map(|name| find::any_incident_id(&snapshot.state, &name)).transpose()?;
        let before = Some(snapshot.seq.saturating_add(1));
        let mut rows = session.client.timeline(before, self.limit, incident.as_ref()).await?;
        rows.reverse();
        let mut printer = Printer { out, day: None };
        for row in &rows {
            printer.print(&snapshot.state, row)?;
        }
        match self.follow {
            true => follow(Feed::new(&session, snapshot, incident.clone()), incident.as_ref(), printer).await,
            false => Ok(()),
        }
    }
}

/// Prints what happens from a snapshot on, until the engine ends.
async fn follow(mut feed: Feed<'_>, incident: Option<&IncidentId>, mut printer: Printer<'_>) -> Outcome {
    loop {
        printer.out.flush()?;
        let entry = feed.next().await?;
        if belongs(&feed.snapshot.state, &entry, incident) {
            printer.print(&feed.snapshot.state, &entry)?;
        }
    }
}

fn belongs(state: &State, entry: &Entry, incident: Option<&IncidentId>) -> bool {
    let Some(incident) = incident else { return true };
    let of_its_run = || entry.event.run().and_then(|run| state.runs.get(&run)).map(|run| &run.incident);
    entry.event.incident().or_else(of_its_run) == Some(incident)
}

/// Prints rows, with the date where a new day begins.
struct Printer<'a> {
    out: &'a mut Out,
    day: Option<Moment>,
}

impl Printer<'_> {
    fn print(&mut self, state: &State, row: &Entry) -> Outcome {
        if self.out.format == Format::Json {
            return self.out.json(&Entry { event: row.event.brief(), ..row.clone() });
        }
        if !self.day.is_some_and(|day| day.same_day(row.at.utc)) {
            let dated = row.at.utc.dated();
            self.out.line(dated.split(' ').next().unwrap_or_default())?;
            self.day = Some(row.at.utc);
        }
        let by = state.name(&row.by);
        let by = text::clean_line(&by);
        self.out.line(format!("{} {:<12} {}", row.at.utc, text::cut(&by, 12), text::event_in_full(state, row)))
    }
}
