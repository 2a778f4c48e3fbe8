# Builds: what the house needs from the package registry, and its static files.
FROM python:3.13-slim AS build

ENV PYTHONDONTWRITEBYTECODE=1 PATH=/opt/venv/bin:$PATH
WORKDIR /srv/rxscale
RUN python -m venv /opt/venv

COPY requirements/base.txt requirements/base.txt
RUN pip install --no-cache-dir --require-hashes --requirement requirements/base.txt

COPY . .
# Compressed static files with names by content; needs no secret and no server.
RUN RXSCALE_ENV=production SECRET_KEY=only-to-collect-static-files \
    python manage.py collectstatic --noinput --skip-checks

# Runs: no compiler, no installer's cache, not as root.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PATH=/opt/venv/bin:$PATH RXSCALE_DATA_DIR=/var/lib/rxscale
WORKDIR /srv/rxscale
RUN useradd --system --home-dir /var/lib/rxscale --create-home rxscale
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/rxscale /srv/rxscale

USER rxscale
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["python", "-m", "rxscale.healthcheck"]
CMD ["gunicorn", "--config", "python:rxscale.gunicorn", "rxscale.wsgi"]
