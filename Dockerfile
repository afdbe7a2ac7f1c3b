# One image for web, worker and beat; docker-compose.yml says which is which.

FROM python:3.11-slim AS environment
# Or `traces`, with what GROWTH_TRACES=on needs.
ARG REQUIREMENTS=runtime
COPY requirements/${REQUIREMENTS}.txt /tmp/requirements.txt
RUN python -m venv /app/.venv \
    && /app/.venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /tmp/requirements.txt

FROM python:3.11-slim
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOST=0.0.0.0 PORT=8000
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin growth
WORKDIR /app
COPY --from=environment /app/.venv .venv
COPY . .
# Static files belong to the image, in its data folder; the key is for this step alone.
RUN SECRET_KEY=only-while-building python manage.py collectstatic --noinput && chown -R growth:growth var
USER growth
EXPOSE 8000
STOPSIGNAL SIGTERM
CMD ["python", "manage.py", "up", "--web-only"]
