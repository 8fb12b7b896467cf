//! The browsers and programs people were signed in in.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::ACCOUNT;
use crate::admin::sessions;
use crate::api::answer::Done;
use crate::api::call::Call;
use crate::api::list::{List, Listed, NoFilter};
use crate::api::operation::Operation;
use crate::api::problem::Problem;
use crate::api::sessions::place_of;
use crate::api::views::When;
use crate::model::device::Device;

#[rustfmt::skip]
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/users/me/devices", "me.devices.list", "Lists the browsers and programs one was signed in in, the newest first", ACCOUNT, list),
        Operation::delete("/users/me/devices/{id}", "me.devices.revoke", "Forgets a device and ends everything that was given in it", ACCOUNT, revoke),
    ]
}

/// A browser, or a program that signs in without our pages. Programs of one client that call
/// themselves the same are one device.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Device")]
struct DeviceView {
    id: String,
    /// Made of what it called itself: `Firefox on Linux`.
    name: String,
    /// The client, where it is a program.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    /// The network it was last seen in.
    address: String,
    created_at: When,
    seen_at: When,
}

impl DeviceView {
    fn of(device: Device) -> Self {
        Self {
            id: device.id,
            name: device.name,
            client_id: device.client_id,
            address: device.address,
            created_at: When(device.created_at),
            seen_at: When(device.seen_at),
        }
    }
}

async fn list(
    call: Arc<Call>,
    List { page, .. }: List<NoFilter>,
) -> Result<Listed<DeviceView>, Problem> {
    let (user, after) = (call.me()?, place_of(&page)?);
    let rows = call.rows();
    let rows = rows
        .devices_of_user(&user.id, &after, page.rows(), call.ctx.now)
        .await?;
    let key = |device: &Device| device.place().to_string();
    Ok(page.answer(&call, rows, key, DeviceView::of))
}

async fn revoke(call: Arc<Call>, (): ()) -> Result<Done, Problem> {
    let (user, id) = (call.me()?, call.path("id"));
    sessions::revoke_device(&call.app, &call.actor(), call.tenant(), &user.id, id).await?;
    Ok(Done)
}
