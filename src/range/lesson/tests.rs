use super::*;
use crate::range::names::Fault;

fn seconds(at: u64) -> Span {
    Span::from_secs(at)
}

fn at(facts: &Facts, second: u64) -> Facts {
    Facts { at: seconds(second), ..facts.clone() }
}

fn run(fence: FenceAt, gate: GateAt) -> Option<Move> {
    Some(Move { id: RunId(1), ticked: true, fence, gate, promised: Some(seconds(4)) })
}

const WAITS: GateAt = GateAt::Waiting { yours: false, robots: false };
const YOURS: GateAt = GateAt::Waiting { yours: true, robots: false };

/// A lesson as somebody takes it who does what they are told, with what was done at each look.
fn followed() -> (Script, Score, Vec<Deed>) {
    let (mut script, mut score, mut done) = (Script::default(), Score::default(), Vec::new());
    let met = Facts { incident: Met::Declared, robot_leads: true, ..Facts::default() };
    let launched = |fence, gate| Facts { run: run(fence, gate), refused: 1, ..met.clone() };
    let open = Facts { power: Power::Off, ..launched(FenceAt::Done, GateAt::Opened) };
    let told = Facts { told: Told::OneFailed, served: true, ..open.clone() };
    let story = [
        (0, Facts::default()),
        (10, met.clone()),
        (20, Facts { refused: 1, ..met.clone() }),
        (30, launched(FenceAt::NotYet, GateAt::NotYet)),
        (38, launched(FenceAt::Failed, WAITS)),
        (39, launched(FenceAt::Failed, WAITS)),
        (46, launched(FenceAt::Failed, WAITS)),
        (53, launched(FenceAt::Failed, WAITS)),
        (54, launched(FenceAt::Failed, GateAt::Declined)),
        (60, launched(FenceAt::Done, GateAt::Declined)),
        (65, launched(FenceAt::Done, WAITS)),
        (70, launched(FenceAt::Done, YOURS)),
        (75, open.clone()),
        (80, Facts { served: true, ..open.clone() }),
        (100, told.clone()),
        (110, told.clone()),
        (120, told),
    ];
    for (second, facts) in story {
        let facts = at(&facts, second);
        done.extend(script.step(&facts));
        score.note(script.stage(), &facts);
    }
    (script, score, done)
}

#[test]
fn whoever_does_what_they_are_told_is_taken_through_all_of_it() {
    let (script, score, done) = followed();
    assert_eq!(script.stage(), Some(Stage::Done));
    let deeds: Vec<Deed> = done.iter().copied().filter(|deed| !matches!(deed, Deed::Say(_))).collect();
    assert_eq!(
        deeds,
        [
            Deed::Fault("power", Some(Fault::Errors)),
            Deed::Fault("sites/east/web", Some(Fault::Errors)),
            Deed::Fault("sites/east", Some(Fault::Down)),
            Deed::Cut,
            Deed::Mend,
            Deed::Object(RunId(1)),
            Deed::Fault("power", None),
            Deed::Confirm(RunId(1)),
            Deed::Fault("mail", Some(Fault::Errors)),
            Deed::Wake,
            Deed::Tell,
        ]
    );
    let said: Vec<Hint> =
        done.iter().filter_map(|deed| if let Deed::Say(hint) = deed { Some(*hint) } else { None }).collect();
    assert_eq!(
        said,
        [
            Hint::Declare,
            Hint::TryTooEarly,
            Hint::Launch,
            Hint::CutOff,
            Hint::Back,
            Hint::ReadGate,
            Hint::FenceEast,
            Hint::AskAgain,
            Hint::TypeWords,
            Hint::Watch,
            Hint::TellThem,
            Hint::OneFailed,
            Hint::FenceHolds,
            Hint::Over,
        ],
        "the sentence was ticked off before it was asked for"
    );
    assert_eq!((score.declared, score.launched), (Some(seconds(10)), Some(seconds(30))));
    assert_eq!((score.opened, score.served), (Some(seconds(75)), Some(seconds(80))));
    assert_eq!((score.promised, score.held, score.told), (Some(seconds(4)), Some(Power::Off), Told::OneFailed));
}

#[test]
fn whoever_goes_their_own_way_is_never_held_up_nor_cut_off_behind_the_gate() {
    let mut script = Script::default();
    script.step(&Facts::default());
    let ahead =
        Facts { incident: Met::Declared, run: run(FenceAt::Done, GateAt::Opened), served: true, ..Facts::default() };
    let deeds = script.step(&at(&ahead, 5));
    assert_eq!(script.stage(), Some(Stage::Update));
    assert!(!deeds.contains(&Deed::Cut) && !deeds.contains(&Deed::Mend), "{deeds:?}");
    assert!(deeds.contains(&Deed::Fault("sites/east", Some(Fault::Down))), "East falls all the same");
    assert!(deeds.contains(&Deed::Fault("power", None)), "and the strip obeys");
}

#[test]
fn whoever_does_nothing_is_not_pushed_and_what_was_not_tried_is_passed_over() {
    let mut script = Script::default();
    for second in 0..600 {
        script.step(&at(&Facts::default(), second));
    }
    assert_eq!(script.stage(), Some(Stage::OneProbe), "nobody has declared it");
    let met = Facts { incident: Met::Declared, robot_leads: true, ..Facts::default() };
    script.step(&at(&met, 600));
    assert_eq!(script.stage(), Some(Stage::TooEarly));
    script.step(&at(&met, 645));
    assert_eq!(script.stage(), Some(Stage::Outage), "whoever tries nothing is waited for, and no longer");
}

#[test]
fn the_robot_never_says_yes_before_east_is_fenced_and_never_first() {
    let met = Facts { incident: Met::Declared, robot_leads: true, ..Facts::default() };
    for (fence, gate, deed) in [
        (FenceAt::Failed, YOURS, Some(Deed::Object(RunId(1)))),
        (FenceAt::NotYet, YOURS, Some(Deed::Object(RunId(1)))),
        (FenceAt::Done, WAITS, None),
        (FenceAt::Done, YOURS, Some(Deed::Confirm(RunId(1)))),
        (FenceAt::Done, GateAt::Waiting { yours: true, robots: true }, None),
        (FenceAt::Failed, GateAt::Declined, None),
    ] {
        let mut script = Script { at: Some((Stage::Confirm, Span::ZERO)), ..Script::default() };
        let facts = Facts { run: run(fence, gate), ..met.clone() };
        let acts = |deeds: Vec<Deed>| deeds.into_iter().find(|deed| !matches!(deed, Deed::Say(_)));
        assert_eq!(acts(script.step(&facts)), deed, "{fence:?} {gate:?}");
        assert_eq!(acts(script.step(&at(&facts, 1))), None, "and not twice at once");
    }
    let mut script = Script { at: Some((Stage::TooEarly, Span::ZERO)), ..Script::default() };
    let deeds = script.step(&Facts { robot_leads: false, ..met });
    assert!(deeds.contains(&Deed::TakeRole));
}
