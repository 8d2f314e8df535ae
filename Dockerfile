FROM rust:1.95-slim-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cargo build --release --locked

FROM debian:bookworm-slim
RUN useradd --system --create-home --home-dir /var/lib/trust-zones trust-zones
COPY --from=build /src/target/release/trust-zones /usr/local/bin/trust-zones
USER trust-zones
WORKDIR /var/lib/trust-zones
ENV TRUST_ZONES_LISTEN=0.0.0.0:8000 TRUST_ZONES_DATA_DIR=/var/lib/trust-zones/data
VOLUME /var/lib/trust-zones
EXPOSE 8000
ENTRYPOINT ["trust-zones"]
CMD ["serve"]
