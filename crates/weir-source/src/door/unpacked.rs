//! A body that is decompressed as it arrives. The layers of [`unpack`](crate::unpack) read
//! from a pipe that is empty until the next piece arrives, so no thread waits for a slow source.

use crate::unpack::{Packing, PackingLayer};
use futures::Stream;
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, ReadBuf};

/// A body that is unpacked while it comes.
pub(super) struct UnpackedBody<S> {
    coming: S,
    pipe: BytePipe,
    layers: Box<dyn Read + Send>,
}

/// Bytes that arrived and were not read yet, shared by producer and consumer.
#[derive(Clone, Default)]
struct BytePipe(Arc<Mutex<PipeState>>);

#[derive(Default)]
struct PipeState {
    piece: Vec<u8>,
    at: usize,
    /// How it ended, once it has.
    end: Option<io::Result<()>>,
}

impl<S> UnpackedBody<S> {
    /// Decompresses the named layers, last one first. Layers that only the bytes reveal are left to
    /// the reader.
    pub(super) fn new(coming: S, named: &[Packing]) -> UnpackedBody<S> {
        let pipe = BytePipe::default();
        let under: Box<dyn Read + Send> = Box::new(pipe.clone());
        let layers = named.iter().rev().fold(under, |under, packing| {
            Box::new(PackingLayer::new(under, Some(*packing)))
        });
        UnpackedBody {
            coming,
            pipe,
            layers,
        }
    }
}

impl<S: Stream<Item = io::Result<P>> + Unpin, P: AsRef<[u8]>> AsyncRead for UnpackedBody<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context,
        buffer: &mut ReadBuf,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            match this.layers.read(buffer.initialize_unfilled()) {
                Ok(count) => {
                    buffer.advance(count);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    match ready!(Pin::new(&mut this.coming).poll_next(cx)) {
                        Some(Ok(piece)) => this.pipe.put(piece.as_ref()),
                        Some(Err(error)) => this.pipe.end(Err(error)),
                        None => this.pipe.end(Ok(())),
                    }
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl BytePipe {
    fn came(&self) -> MutexGuard<'_, PipeState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, piece: &[u8]) {
        let mut came = self.came();
        (came.piece, came.at) = (piece.to_vec(), 0);
    }

    fn end(&self, how: io::Result<()>) {
        self.came().end = Some(how);
    }
}

impl Read for BytePipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let came = &mut *self.came();
        let rest = &came.piece[came.at..];
        if rest.is_empty() {
            let Some(ended) = came.end.take() else {
                return Err(io::ErrorKind::WouldBlock.into());
            };
            came.end = Some(Ok(()));
            return ended.map(|()| 0);
        }
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        came.at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::stream;
    use tokio::io::AsyncReadExt;

    #[tokio::test]
    async fn what_came_before_a_break_is_given_first() {
        let pieces = [
            Ok("ab".to_owned()),
            Ok(String::new()),
            Ok("c".to_owned()),
            Err(io::Error::other("reset")),
        ];
        let (mut body, mut text) = (
            UnpackedBody::new(stream::iter(pieces), &[Packing::Gzip]),
            String::new(),
        );
        let broken = body.read_to_string(&mut text).await.unwrap_err();
        assert_eq!((text.as_str(), broken.to_string().as_str()), ("", "reset"));
        let pieces = [Ok("ab".to_owned()), Err(io::Error::other("reset"))];
        let (mut body, mut bytes) = (UnpackedBody::new(stream::iter(pieces), &[]), Vec::new());
        assert_eq!(
            (
                body.read_to_end(&mut bytes).await.unwrap_err().to_string(),
                bytes
            ),
            ("reset".to_owned(), b"ab".to_vec())
        );
    }

    #[tokio::test]
    async fn it_does_not_matter_how_a_body_comes() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        std::io::Write::write_all(&mut gzip, b"hello, hello").unwrap();
        let packed = gzip.finish().unwrap();
        let twice = [packed.clone(), packed].concat();
        for size in [1, 3, 1000] {
            let pieces: Vec<io::Result<Vec<u8>>> =
                twice.chunks(size).map(|piece| Ok(piece.to_vec())).collect();
            let (mut body, mut bytes) = (
                UnpackedBody::new(stream::iter(pieces), &[Packing::Gzip]),
                Vec::new(),
            );
            body.read_to_end(&mut bytes).await.unwrap();
            assert_eq!(bytes, b"hello, hellohello, hello", "{size}");
        }
    }
}
