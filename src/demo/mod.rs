//! A believable organization, made through the same commands as any client.

use crate::governance::Founded;
use crate::service::Service;

/// On an empty store, makes the demo organization.
pub async fn bootstrap(service: &Service) -> anyhow::Result<Option<Founded>> {
    service.bootstrap("Demo", "Owner").await.map_err(|problem| anyhow::anyhow!(problem.detail))
}
