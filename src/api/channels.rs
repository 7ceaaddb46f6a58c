//! Channels, tried out.

use axum::Json;
use axum::extract::{ConnectInfo, Path, State};
use uuid::Uuid;

use super::peer::Peer;
use super::routes::known;
use crate::channels::{self, Earnest, Message, Trouble as Lasting};
use crate::core::comms::Attempt;
use crate::core::ids::ChannelId;
use crate::core::people::Act;
use crate::core::refusal::Refusal;
use crate::engine::Engine;
use crate::wire::Trouble;

/// Sends a message that says it is a test, once, and tells what came of it. Nothing of it is journaled.
pub(super) async fn test(
    State(engine): State<Engine>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Path(channel): Path<ChannelId>,
) -> Result<Json<Attempt>, Trouble> {
    let by = known(&engine, &peer)?;
    let name = {
        let newest = engine.newest.borrow();
        let person = newest.state.people.get(&by);
        if let Some(Err(denied)) = person.map(|person| person.may(Act::SendUpdate, None)) {
            return Err(Trouble::Refused(Refusal::NotPermitted { act: Act::SendUpdate, needs: denied.needs }));
        }
        newest.state.name(&by).into_owned()
    };
    let settings = engine.shared.config.channels.get(&channel);
    let settings = settings.ok_or_else(|| Trouble::NotFound { what: format!("channel {channel} in the settings") })?;
    let message = message(&channel, name, engine.shared.clock.now().utc.rfc3339());
    Ok(Json(channels::send(settings, &message, &engine.shared.outbound).await))
}

/// A drill's, so that it never reaches customers; over, so that it opens nothing anywhere.
fn message(channel: &ChannelId, by: String, at: String) -> Message {
    let id = format!("test-{}", Uuid::now_v7().simple());
    Message {
        key: format!("{id}/1/{channel}"),
        incident: id,
        call_sign: "TEST".into(),
        severity: "low".into(),
        status: "test".into(),
        environment: "PRACTICE".into(),
        number: 1,
        at,
        text: format!("This is a test of channel {channel}. Nothing is wrong, and nobody has to do anything."),
        by,
        reference: None,
        trouble: Lasting::IsOver,
        earnest: Earnest::Drill,
    }
}
