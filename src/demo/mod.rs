//! A believable organization, made through the same commands as any client: every member speaks HTTP to the service's own
//! router, with a token, so the demo can do nothing that a client could not. It is told as it came to pass, over a fortnight that
//! ends now: until everything is told the clock is put back.
//!
//! Nordlicht Energie is an energy retailer of middling size. Its five zones decide in five ways, its agents work under
//! sponsors, and its proposals stand in every state that a proposal can be in.

mod company;
mod customer_care;
mod disputes;
mod door;
mod judgements;
mod people;
mod platform;
mod reliability;
mod trading;
mod zones;

use door::Door;
use people::People;
use zones::Zones;

use chrono::TimeDelta;

use crate::governance::Founded;
use crate::service::Service;

/// How long ago the organization was founded.
const THE_BEGINNING: TimeDelta = TimeDelta::days(13);

/// On an empty store, makes the demo organization. A store that holds an organization is left as it is.
///
/// # Errors
/// The first request that was not answered as expected, with the answer.
pub async fn bootstrap(service: &Service) -> anyhow::Result<Option<Founded>> {
    if service.app.log.head().await? > 0 {
        return Ok(None);
    }
    let door = Door::put_back(&service.app, THE_BEGINNING);
    let founded = service.bootstrap("Nordlicht Energie", "Greta Lindqvist").await;
    let Some(founded) = founded.map_err(|problem| anyhow::anyhow!(problem.detail))? else {
        // Another process was first.
        door.tells_of(TimeDelta::zero()).await;
        return Ok(None);
    };
    let people = People::join(&door, &founded).await?;
    let zones = Zones::set_up(&door, &people).await?;
    customer_care::story(&door, &people, &zones).await?;
    platform::story(&door, &people, &zones).await?;
    reliability::story(&door, &people, &zones).await?;
    judgements::story(&door, &people, &zones).await?;
    disputes::answered(&door, &people, &zones).await?;
    company::story(&door, &people, &zones).await?;
    trading::story(&door, &people, &zones).await?;
    disputes::unanswered(&door, &people, &zones).await?;
    customer_care::this_morning(&door, &people, &zones).await?;
    door.tells_of(TimeDelta::zero()).await;
    Ok(Some(founded))
}
