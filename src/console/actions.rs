//! Everything that can be done from the console, in one table: keys, name, one line of help, and why it cannot be done now.
//! Dispatch, the key line, the help and the palette are all read from it.

use super::app::App;
use super::boxes::{self, Asked};
use super::message::Effect;
use super::place::{Panel, Screen};

/// Something that can be done.
pub(crate) struct Action {
    /// Its identifier, for good.
    pub(crate) id: &'static str,
    /// The keys that do it; several in a row are separated by spaces.
    pub(crate) keys: &'static [&'static str],
    /// One or two words, for the key line.
    pub(crate) name: &'static str,
    /// One line, for help and palette.
    pub(crate) doc: &'static str,
    /// Where it makes sense.
    pub(crate) on: On,
    /// Whether it only shows, or opens a box.
    pub(crate) sort: Sort,
    /// Its place in the key line; none keeps it out.
    pub(crate) hint: Option<u8>,
    /// Whether it can be done now.
    pub(crate) check: fn(&App) -> Result<(), String>,
    /// Does it.
    pub(crate) run: fn(&mut App),
}

/// What sort of thing an action does. None acts on the world but one that stops: only boxes do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    /// Moves and shows.
    Shows,
    /// Opens a box.
    Asks,
    /// Stops what the engine would do by itself, at once: that is always safe. While there is such a thing its keys mean nothing
    /// else, wherever one is.
    Stops,
}

/// Where an action makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum On {
    /// Everywhere.
    All,
    /// On this screen.
    Only(Screen),
}

impl On {
    pub(crate) fn includes(self, screen: Screen) -> bool {
        match self {
            On::All => true,
            On::Only(only) => only == screen,
        }
    }
}

const fn show(
    id: &'static str,
    keys: &'static [&'static str],
    name: &'static str,
    doc: &'static str,
    run: fn(&mut App),
) -> Action {
    Action { id, keys, name, doc, on: On::All, sort: Sort::Shows, hint: None, check: |_| Ok(()), run }
}

/// Only on the Health screen; what the same key does elsewhere stands further down.
const fn on_health(action: Action) -> Action {
    Action { on: On::Only(Screen::Health), ..action }
}

macro_rules! asks {
    ($id:literal, $keys:expr, $name:literal, $doc:literal, $hint:expr, $asked:expr) => {
        Action {
            id: $id,
            keys: $keys,
            name: $name,
            doc: $doc,
            on: On::All,
            sort: Sort::Asks,
            hint: $hint,
            check: |app| boxes::check(app.view(), $asked),
            run: |app| app.ask($asked),
        }
    };
}

/// The table.
pub(crate) static ACTIONS: &[Action] = &[
    Action {
        hint: Some(0),
        check: |app| match super::waits::mine(&app.model).is_empty() {
            true => Err("nothing waits for you".to_owned()),
            false => Ok(()),
        },
        ..show("next", &["Space"], "next", "Go to the next thing that waits for you, and open its box", App::open_next)
    },
    asks!(
        "declare",
        &["D"],
        "declare",
        "Declare an incident: the one proposed, or one that you noticed",
        Some(1),
        Asked::Declare
    ),
    asks!(
        "launch",
        &["L"],
        "launch",
        "Launch a runbook: choose, fill in, look at every step, then start",
        Some(3),
        Asked::Launch
    ),
    asks!("confirm", &["C"], "confirm", "Confirm or decline the gate in focus", Some(2), Asked::Gate),
    asks!(
        "tell",
        &["T"],
        "tell",
        "Say what became of the step in focus: done, failed, skipped, tried again",
        Some(4),
        Asked::Step
    ),
    asks!("hold", &["H"], "hold", "Hold the run in focus: nothing new starts", Some(5), Asked::Hold),
    asks!(
        "skip",
        &["S"],
        "leave out",
        "Leave the step in focus out, also before its turn, with a reason",
        None,
        Asked::Skip
    ),
    asks!("retry", &["Y"], "retry", "Try the step in focus again, with other values", None, Asked::Retry),
    on_health(asks!(
        "pause-part",
        &["Z"],
        "pause",
        "On Health: have the part in focus not count for a while",
        Some(2),
        Asked::PausePart
    )),
    on_health(asks!(
        "resume-part",
        &["R"],
        "resume",
        "On Health: have a paused part count again",
        Some(3),
        Asked::ResumePart
    )),
    asks!(
        "resume",
        &["R"],
        "resume",
        "Let the held run in focus go on, or take an aborted one up again",
        None,
        Asked::Resume
    ),
    asks!(
        "roll-back",
        &["B"],
        "roll back",
        "Undo what the run in focus did, newest first, with a reason",
        None,
        Asked::RollBack
    ),
    asks!(
        "emergency",
        &[],
        "emergency",
        "Go on with the failover in focus as an emergency, with a reason",
        None,
        Asked::Emergency
    ),
    asks!("abort", &["X"], "abort", "Abort the run in focus, with a reason", None, Asked::Abort),
    asks!(
        "off-script",
        &["O"],
        "off script",
        "Run a program that no runbook has, here or on a host",
        None,
        Asked::Improvise
    ),
    asks!(
        "withdraw",
        &["W"],
        "withdraw",
        "Take your own confirmation of the gate in focus back",
        None,
        Asked::Withdraw
    ),
    asks!("update", &["U"], "update", "Write an update and send it to the world", Some(6), Asked::Update),
    asks!("note", &["N"], "note", "Write something into the timeline", Some(7), Asked::Note),
    asks!(
        "assess",
        &[],
        "assess",
        "Assess services, databases, external dependencies, storage; write it to the incident",
        None,
        Asked::Assess
    ),
    asks!("assign", &["A"], "assign", "Give somebody a role", None, Asked::Assign),
    asks!(
        "scenario",
        &[],
        "scenario",
        "Say which scenario the incident in focus is, or that it is not one",
        None,
        Asked::Scenario
    ),
    asks!("dismiss", &[], "dismiss", "Say that the proposed incident is none, with a reason", None, Asked::Dismiss),
    asks!(
        "cancel",
        &[],
        "cancel",
        "Call the incident in focus off as a false alarm, with a reason",
        None,
        Asked::Cancel
    ),
    asks!("close", &["K"], "close", "Close the incident in focus", None, Asked::Close),
    asks!(
        "began",
        &[],
        "began",
        "Say when the incident in focus really began, with a reason: every clock follows",
        None,
        Asked::Began
    ),
    Action {
        sort: Sort::Stops,
        check: App::counts_down,
        ..show(
            "stop-automation",
            &["X", "C-x"],
            "stop it",
            "Stop the automatic failover that is counted down, at once, and disarm it; C-x also while typing",
            App::stop_automation,
        )
    },
    asks!(
        "disarm",
        &[],
        "disarm",
        "Have no failover of the plan in focus begin by itself until somebody arms it again",
        None,
        Asked::Disarm
    ),
    asks!(
        "arm",
        &[],
        "arm",
        "Let failovers of the plan in focus begin by themselves again, with a reason",
        None,
        Asked::Arm
    ),
    asks!("reopen", &[], "reopen", "Take the closed incident in focus up again, with a reason", None, Asked::Reopen),
    asks!(
        "commit",
        &[],
        "commit",
        "Say that the failover of the incident in focus stays, with a reason",
        None,
        Asked::Commit
    ),
    asks!(
        "break-glass",
        &[],
        "break the glass",
        "Override a guard of a failover: it counts after 60s in which anybody can say no",
        None,
        Asked::Glass
    ),
    asks!("veto", &["V"], "put back", "Put broken glass back: the guard refuses again", None, Asked::PutBack),
    Action {
        on: On::Only(Screen::Range),
        sort: Sort::Asks,
        hint: Some(2),
        check: |app| boxes::check(app.view(), Asked::Fault),
        ..show("fault", &["F"], "fault", "Put a fault on the chosen part of the range, or take it off", |app| {
            app.ask(Asked::Fault)
        })
    },
    Action { hint: Some(8), ..show("look", &["Enter"], "look", "Look closer at what is under the cursor", App::look) },
    show("back", &["Esc"], "back", "Go back one", App::back),
    show("war-room", &["g w"], "war room", "The incident in focus", |app| app.place.go(Screen::WarRoom)),
    show("runbooks", &["g r"], "runbooks", "Plans and runbooks", |app| app.place.go(Screen::Runbooks)),
    show("run", &["g s"], "run", "Every step of the run in focus, with evidence and output", |app| {
        app.place.go(Screen::Run)
    }),
    show("health", &["g h"], "health", "Every part at every site, with its past and its evidence", App::health),
    show("clocks", &["g c"], "clocks", "Every clock: tiers, components, data, capacity, service", |app| {
        app.place.go(Screen::Clocks)
    }),
    show("team", &["g t"], "team", "Roles, people, who is here", |app| app.place.go(Screen::Team)),
    show("updates", &["g u"], "updates", "What the world was told, and what became of it", |app| {
        app.place.go(Screen::Updates)
    }),
    show("timeline", &["g i"], "timeline", "Everything that happened", |app| app.place.go(Screen::Timeline)),
    show("reports", &["g o"], "reports", "What the plans are prepared for: risks and scenarios", |app| {
        app.place.go(Screen::Reports)
    }),
    Action {
        check: App::has_range,
        ..show("range", &["g x"], "range", "The practice range: faults, customers, inbox", |app| {
            app.place.go(Screen::Range);
            app.effects.push(Effect::LookAtRange);
        })
    },
    show("down", &["j", "Down"], "down", "Down", |app| app.walk(1)),
    show("up", &["k", "Up"], "up", "Up", |app| app.walk(-1)),
    show(
        "page-down",
        &["PgDn", "C-f"],
        "page down",
        "A page down; in a run, its output; of a part, its panel",
        |app| app.page(1),
    ),
    show("page-up", &["PgUp", "C-b"], "page up", "A page up; in a run, its output; of a part, its panel", |app| {
        app.page(-1)
    }),
    show("top", &["g g", "Home"], "top", "To the top", |app| app.walk(isize::MIN)),
    show("bottom", &["G", "End"], "bottom", "To the bottom", |app| app.walk(isize::MAX)),
    Action {
        on: On::Only(Screen::WarRoom),
        ..show("panel-next", &["Tab", "l", "Right"], "next panel", "The next panel", |app| app.turn_panel(1))
    },
    Action {
        on: On::Only(Screen::WarRoom),
        ..show("panel-previous", &["S-Tab", "h", "Left"], "previous panel", "The panel before", |app| {
            app.turn_panel(-1)
        })
    },
    show("panel-now", &["1"], "now", "What is being done", |app| app.panel(Panel::Now)),
    show("panel-sites", &["2"], "sites", "What is broken", |app| app.panel(Panel::Sites)),
    show("panel-team", &["3"], "team", "Who is there", |app| app.panel(Panel::Team)),
    show("panel-others", &["4"], "others", "Other incidents", |app| app.panel(Panel::Others)),
    show("panel-timeline", &["5"], "timeline", "What happened", |app| app.panel(Panel::Timeline)),
    on_health(Action {
        hint: Some(4),
        ..show("tree", &["t"], "tree/flat", "Parts as a tree, or flat", App::turn_parts)
    }),
    on_health(Action {
        hint: Some(5),
        ..show("window", &["w"], "history", "History of 15 min, 2 h, 24 h", App::turn_window)
    }),
    on_health(Action {
        hint: Some(6),
        ..show("filter", &["/"], "filter", "Only parts with these words: names, sites, states", App::filter)
    }),
    show("find", &["/"], "find", "Find in the timeline", App::find),
    Action {
        hint: Some(20),
        ..show(
            "palette",
            &[":", "C-p"],
            "actions",
            "Every action, by name; what cannot be done now says why",
            App::palette,
        )
    },
    Action { hint: Some(21), ..show("help", &["?"], "help", "Every key", App::help) },
    Action {
        check: |app| match app.is_taught() {
            true => Ok(()),
            false => Err("there is no lesson; `warroom demo` gives one".to_owned()),
        },
        ..show("hint", &["x"], "lesson's line", "In a lesson: put its line away, or show it again", App::toggle_hint)
    },
    show("redraw", &["C-l"], "redraw", "Draw the whole page again", App::redraw),
    show("suspend", &["C-z"], "suspend", "Stop the console; fg brings it back. The engine goes on", |app| {
        app.effects.push(Effect::Suspend)
    }),
    show("quit", &["q", "C-c"], "quit", "Leave the console. The engine goes on", App::quit),
];

/// The action of that identifier.
pub(crate) fn by_id(id: &str) -> Option<&'static Action> {
    ACTIONS.iter().find(|action| action.id == id)
}
