# A release binary that carries everything: connectors, schema, migrations. The project folder is mounted, or copied in by an image
# that begins with this one. docs/operations.md says how to run it.
FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked --bin weir

FROM debian:bookworm-slim
RUN useradd --system --home-dir /project --shell /usr/sbin/nologin weir \
 && mkdir /project && chown weir:weir /project
COPY --from=build /src/target/release/weir /usr/local/bin/weir
USER weir
WORKDIR /project
ENV WEIR_LOG_FORMAT=json
# `weir serve` listens on the loopback interface alone: in a pod or behind a proxy that shares its network.
ENTRYPOINT ["weir"]
CMD ["serve"]
