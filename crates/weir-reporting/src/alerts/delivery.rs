//! Sends what is due, channel by channel, in the order of the notices. What fails is tried again
//! later, ever more rarely; nothing behind it overtakes it. No transaction waits for a receiver.

use super::message::AlertMessage;
use super::sender::NoticeSender;
use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use weir_project::plan::channels::Channel;
use weir_source::webhook::PostError;
use weir_store::notices::{self, DueNotice};
use weir_store::{Result, Store};

/// What was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryOutcome {
    /// Notices that were taken.
    pub sent: usize,
    /// Channels that did not take theirs, and why.
    pub failures: Vec<(String, String)>,
}

/// Sends what is due at an instant; each channel side by side with the others.
///
/// # Errors
/// The database failed.
pub fn deliver_due<'f>(
    store: &'f Store,
    channels: &'f [Channel],
    sender: &'f NoticeSender,
    now: DateTime<Utc>,
) -> BoxFuture<'f, Result<DeliveryOutcome>> {
    Box::pin(async move {
        let each = channels
            .iter()
            .map(|channel| deliver(store, channel, sender, now));
        let mut all = DeliveryOutcome::default();
        for one in futures::future::join_all(each).await {
            let one = one?;
            all.sent += one.sent;
            all.failures.extend(one.failures);
        }
        Ok(all)
    })
}

async fn deliver(
    store: &Store,
    channel: &Channel,
    sender: &NoticeSender,
    now: DateTime<Utc>,
) -> Result<DeliveryOutcome> {
    let mut delivered = DeliveryOutcome::default();
    let due = notices::claim(&mut *store.connection().await?, &channel.name, now).await?;
    if due.is_empty() {
        return Ok(delivered);
    }
    for group in messages(&due) {
        let ids: Vec<i64> = group.iter().map(|notice| notice.id).collect();
        let message = AlertMessage::of(&sender.project, &group);
        let sent = sender.send(channel, &message).await;
        let mut connection = store.connection().await?;
        match sent {
            Ok(()) => {
                notices::sent(&mut connection, &channel.name, &ids, now).await?;
                delivered.sent += ids.len();
            }
            Err(PostError::Lasting(why)) => {
                let why = sender.hide(&why);
                notices::refused(&mut connection, &channel.name, &ids, &why).await?;
                delivered.failures.push((channel.name.clone(), why));
            }
            Err(PostError::Passing { why, wait }) => {
                let (why, wait) = (
                    sender.hide(&why),
                    wait.and_then(|wait| TimeDelta::from_std(wait).ok()),
                );
                notices::postpone(&mut connection, &channel.name, &why, wait, now).await?;
                delivered.failures.push((channel.name.clone(), why));
                return Ok(delivered);
            }
        }
    }
    notices::release(&mut *store.connection().await?, &channel.name).await?;
    Ok(delivered)
}

/// Notices by message: those of alerts by group, in the order of the first of each; others alone.
fn messages(due: &[DueNotice]) -> Vec<Vec<&DueNotice>> {
    let mut groups: Vec<Vec<&DueNotice>> = Vec::new();
    for notice in due {
        let is_alert = |notice: &DueNotice| matches!(notice.what.as_str(), "firing" | "resolved");
        let fits = |group: &&mut Vec<&DueNotice>| {
            group.first().is_some_and(|first| {
                is_alert(first) && is_alert(notice) && first.group_name == notice.group_name
            })
        };
        match groups.iter_mut().find(fits) {
            Some(group) => group.push(notice),
            None => groups.push(vec![notice]),
        }
    }
    groups
}
