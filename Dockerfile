# The command as an image: the bundle, a Node and git, nothing else. No value and no .env ever goes in (see .dockerignore).

FROM node:24-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
# Without scripts: the one that brings a Node for clones is not needed here.
RUN npm ci --ignore-scripts
COPY bin bin
COPY scripts scripts
COPY src src
COPY cli cli
RUN node scripts/build.ts

FROM node:24-slim
# Without git nobody could tell whether an output is tracked.
RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/*
COPY --from=build /build/package.json /opt/keyturn/package.json
COPY --from=build /build/bin /opt/keyturn/bin
COPY --from=build /build/dist /opt/keyturn/dist
# Any user may keep its state in the volume; what Keyturn makes there is 0700.
RUN ln -s /opt/keyturn/bin/secrets.cjs /usr/local/bin/secrets && mkdir -m 1777 /state && mkdir /project
ENV HOME=/state XDG_STATE_HOME=/state/state XDG_CONFIG_HOME=/state/config NODE_ENV=production
VOLUME /state
WORKDIR /project
USER node
ENTRYPOINT ["secrets"]
CMD ["--help"]
