//! Mail over SMTP. Without the encryption that the channel asks for nothing is sent.

use super::NoticeSender;
use crate::alerts::message::AlertMessage;
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message as Mail, Tokio1Executor};
use std::time::Duration;
use weir_project::config::alerts::MailEncryption;
use weir_project::plan::channels::MailWay;
use weir_source::webhook::PostError;

/// Makes one attempt.
pub(super) async fn send(
    sender: &NoticeSender,
    way: &MailWay,
    message: &AlertMessage,
    timeout: Duration,
) -> Result<(), PostError> {
    let mail = compose(sender, way, message)?;
    let transport = transport(sender, way, timeout)?;
    match tokio::time::timeout(timeout, transport.send(mail)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(refusal(&error)),
        Err(_) => Err(PostError::passing("the mail server did not answer in time")),
    }
}

fn transport(
    sender: &NoticeSender,
    way: &MailWay,
    timeout: Duration,
) -> Result<AsyncSmtpTransport<Tokio1Executor>, PostError> {
    let host = sender.fill(&way.host)?;
    let unset = |error: lettre::transport::smtp::Error| {
        PostError::passing(format!("the mail server cannot be used: {error}"))
    };
    let builder = match way.encryption {
        MailEncryption::Starttls => {
            AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(&host).map_err(unset)?
        }
        MailEncryption::Tls => AsyncSmtpTransport::<Tokio1Executor>::relay(&host).map_err(unset)?,
        MailEncryption::None => AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&host),
    };
    let builder = builder.port(way.port).timeout(Some(timeout));
    Ok(match &way.login {
        Some((user, password)) => {
            let login = Credentials::new(sender.fill(user)?, sender.fill(password)?);
            builder.credentials(login).build()
        }
        None => builder.build(),
    })
}

/// The mail: as text, and where there is a page, as that, too.
fn compose(
    sender: &NoticeSender,
    way: &MailWay,
    message: &AlertMessage,
) -> Result<Mail, PostError> {
    let mailbox = |template| -> Result<Mailbox, PostError> {
        let address = sender.fill(template)?;
        let bad = |_| PostError::passing(format!("`{address}` is not an address for mail"));
        address.parse().map_err(bad)
    };
    let from = mailbox(&way.from)?;
    let domain = from.email.domain().to_owned();
    let mut mail = Mail::builder()
        .from(from)
        .subject(message.subject.replace(['\r', '\n'], " "))
        .message_id(Some(format!("<{}@{domain}>", message.id)));
    for receiver in &way.to {
        mail = mail.to(mailbox(receiver)?);
    }
    let whole = match &message.html {
        Some(html) => mail.multipart(MultiPart::alternative_plain_html(
            message.body.clone(),
            html.clone(),
        )),
        None => mail.body(message.body.clone()),
    };
    whole.map_err(|error| PostError::Lasting(format!("the mail cannot be written: {error}")))
}

/// A server that refuses for good (5xx) is one that an operator must see to: the mail waits, too.
fn refusal(error: &lettre::transport::smtp::Error) -> PostError {
    PostError::passing(format!("the mail server: {error}"))
}
