//! One attempt to send one message to one channel. Addresses, passwords and headers are filled in
//! here and nowhere else.

mod mail;

use crate::alerts::message::AlertMessage;
use serde_json::json;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use weir_model::untrusted::SecretStore;
use weir_project::plan::channels::{Channel, ChannelWay, WebhookForm};
use weir_source::template::{Template, Variables};
use weir_source::webhook::{PostError, WebhookClient};

/// Characters of what a program says that are shown.
const SHOWN: usize = 200;

/// Sends messages.
pub struct NoticeSender {
    /// The environment.
    pub variables: Variables,
    /// What must never be shown.
    pub secrets: SecretStore,
    /// The project, so that messages of two projects are told apart.
    pub project: String,
    /// The client for webhooks.
    pub client: WebhookClient,
}

impl NoticeSender {
    /// Text without secrets.
    pub fn hide(&self, text: &str) -> String {
        self.secrets.mask().hide(text).into_owned()
    }

    /// Makes one attempt.
    ///
    /// # Errors
    /// The message was not taken.
    pub async fn send(&self, channel: &Channel, message: &AlertMessage) -> Result<(), PostError> {
        match &channel.way {
            ChannelWay::Webhook(form, url, headers) => {
                let url = self.fill(url)?;
                let headers = headers
                    .iter()
                    .map(|(name, value)| Ok((name.clone(), self.fill(value)?)))
                    .collect::<Result<Vec<_>, PostError>>()?;
                let body = body(*form, message);
                let post = self
                    .client
                    .post(&url, &headers, &message.id, body, channel.timeout);
                post.await
            }
            ChannelWay::Mail(way) => mail::send(self, way, message, channel.timeout).await,
            ChannelWay::Command(words) => self.start(words, message, channel.timeout).await,
            ChannelWay::Log => {
                tracing::warn!(subject = message.subject, "{}", message.body);
                Ok(())
            }
        }
    }

    /// What a template stands for. A variable that is missing may be set later.
    pub(super) fn fill(&self, template: &Template) -> Result<String, PostError> {
        template
            .fill(&self.variables)
            .map_err(|missing| PostError::passing(missing.to_string()))
    }

    async fn start(
        &self,
        words: &[Template],
        message: &AlertMessage,
        timeout: Duration,
    ) -> Result<(), PostError> {
        let words = words
            .iter()
            .map(|word| self.fill(word))
            .collect::<Result<Vec<_>, _>>()?;
        let Some((program, arguments)) = words.split_first() else {
            return Err(PostError::passing("the command is empty"));
        };
        let bad = |error: std::io::Error| {
            PostError::passing(format!("`{program}` cannot be started: {error}"))
        };
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(bad)?;
        let content = json!({
            "id": message.id, "subject": message.subject, "body": message.body, "content": message.content,
        });
        let input = child.stdin.take();
        let work = async {
            if let Some(mut input) = input {
                // A program need not read what it is given.
                let _ = input.write_all(content.to_string().as_bytes()).await;
                drop(input);
            }
            child.wait_with_output().await
        };
        let ended = tokio::time::timeout(timeout, work).await;
        let ended =
            ended.map_err(|_| PostError::passing(format!("`{program}` did not end in time")))?;
        let output = ended.map_err(bad)?;
        if output.status.success() {
            return Ok(());
        }
        let said: String = String::from_utf8_lossy(&output.stderr)
            .chars()
            .take(SHOWN)
            .collect();
        Err(PostError::passing(format!(
            "`{program}` ended with {}: {}",
            output.status,
            said.trim()
        )))
    }
}

/// A message as a webhook understands it.
fn body(form: WebhookForm, message: &AlertMessage) -> String {
    let content = match form {
        WebhookForm::Generic => json!({
            "id": message.id, "subject": message.subject, "text": message.body, "content": message.content,
        }),
        WebhookForm::Slack => json!({
            "text": slack(&format!("*{}*\n{}", message.subject, message.body)),
        }),
        WebhookForm::Teams => json!({
            "type": "message",
            "attachments": [{
                "contentType": "application/vnd.microsoft.card.adaptive",
                "content": {
                    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
                    "body": [
                        { "type": "TextBlock", "text": message.subject, "weight": "bolder", "wrap": true },
                        { "type": "TextBlock", "text": message.body, "wrap": true },
                    ],
                },
            }],
        }),
    };
    content.to_string()
}

/// Text in which nothing of elsewhere is a mention or a link.
fn slack(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_receiver_is_told_in_its_own_form() {
        let message = AlertMessage {
            id: "weir-1".to_owned(),
            subject: "error: acme: <!channel>".to_owned(),
            body: "down & out".to_owned(),
            html: None,
            content: json!({ "format": 1 }),
        };
        let as_json =
            |form| serde_json::from_str::<serde_json::Value>(&body(form, &message)).unwrap();
        let slack = as_json(WebhookForm::Slack);
        assert_eq!(
            slack["text"],
            "*error: acme: &lt;!channel&gt;*\ndown &amp; out"
        );
        let teams = as_json(WebhookForm::Teams);
        assert_eq!(
            teams.pointer("/attachments/0/content/body/1/text").unwrap(),
            "down & out"
        );
        assert_eq!(as_json(WebhookForm::Generic)["content"]["format"], 1);
    }
}
