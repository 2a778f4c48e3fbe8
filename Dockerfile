FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 RXSCALE_DATA_DIR=/var/lib/rxscale
WORKDIR /srv/rxscale
RUN useradd --system --home-dir /var/lib/rxscale --create-home rxscale

COPY requirements/base.txt requirements/base.txt
RUN pip install --no-cache-dir --require-hashes --requirement requirements/base.txt

COPY . .
# Compressed static files with names by content; needs no secret and no server.
RUN RXSCALE_ENV=production SECRET_KEY=only-to-collect-static-files \
    python manage.py collectstatic --noinput --skip-checks

USER rxscale
EXPOSE 8000
CMD ["gunicorn", "--config", "python:rxscale.gunicorn", "rxscale.wsgi"]
